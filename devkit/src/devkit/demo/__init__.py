"""A real shop's month, replayed through the running services: what the file says, what becomes of it, who drives it."""
