"""The published language of Wharf: what services say to each other and what may be asked of them.

One module an owning context (`orders`, `inventory`, `payments`, `warehouse`, `clock`); topic, key and promise stand beside
the messages. Facts are in the past tense, commands imperative. Inside a version there are only additions: optional fields
with a default. Pydantic only, no I/O.
"""
