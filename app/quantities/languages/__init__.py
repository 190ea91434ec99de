"""One table a language."""
