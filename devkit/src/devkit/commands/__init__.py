"""The commands of `./wharf`, one module each with a function `main`; cli.py lists them."""
