"""Generated documents: JSON Schemas, OpenAPI, AsyncAPI, the table of who may call what, and pages that work offline.

All are checked in, and a test compares them with what the code says now.
"""
