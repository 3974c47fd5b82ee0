"""The rules of orders, one module a noun: frozen values and pure functions of the standard library."""
