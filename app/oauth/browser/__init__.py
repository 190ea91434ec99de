"""The pages between an app and its approval: signing in, consent, and back to the app."""
