"""Measurements of single parts, in CPU time of this process. The whole way is measured by the load generator."""
