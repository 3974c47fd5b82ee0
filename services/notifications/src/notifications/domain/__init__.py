"""The rules of notifications: who is written to about what, and the life of a mail. Standard library only."""
