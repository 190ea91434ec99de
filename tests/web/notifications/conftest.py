"""People who are signed in at browsers, and assistants that they have connected."""

from tests.web.lists.conftest import anna, assistant, member, sign_in

__all__ = ["anna", "assistant", "member", "sign_in"]
