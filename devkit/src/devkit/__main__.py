"""`python -m devkit`, which is what the launcher calls."""

from devkit.cli import main

main()
