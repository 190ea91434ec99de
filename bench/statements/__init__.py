"""The SQL of the limit and of every peer: the same work over the same tables, each statement in one round trip."""

from pathlib import Path
from typing import Final, Literal

Statement = Literal["add_item", "merge_item", "check_item", "update_item", "list_items", "first_list", "household"]

DIRECTORY: Final = Path(__file__).parent


def statement(name: Statement) -> str:
    """Return the text of a statement."""
    return (DIRECTORY / f"{name}.sql").read_text()
