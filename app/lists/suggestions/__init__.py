"""What might be put on a list: `suggest` chooses, `rhythm` says when a thing is due, `models` is what is suggested."""
