"""The rules of removals, one module a noun: frozen values and pure functions of the standard library."""
