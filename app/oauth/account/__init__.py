"""A person's own account: signing in to it, what is connected, the password, and links that came by e-mail."""
