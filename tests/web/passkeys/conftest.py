"""The authorization server by itself, with the pages for people beside it."""

from tests.oauth.conftest import email, http, mailing, server

__all__ = ["email", "http", "mailing", "server"]
