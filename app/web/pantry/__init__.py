"""The page of the pantry: what is probably at home, what people say of it, and what might be put on a list."""
