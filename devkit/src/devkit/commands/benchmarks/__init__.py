"""The commands of `./wharf bench`, a module each."""
