"""The plumbing that services share: how a message is taken, decided once, saved and told. Knows no business noun."""
