"""Checks a quiet stack from outside, by SQL over its databases: nothing in here trusts the services' own code."""
