"""A mail server that sends nothing on: it writes each mail into a folder and shows what it has. Needs aiosmtpd alone, so that
its image stays small.
"""
