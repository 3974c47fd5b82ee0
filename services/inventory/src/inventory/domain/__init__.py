"""The rules of stock, one module a noun: frozen values and pure functions. Standard library only, no message, no table."""
