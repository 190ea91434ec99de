"""Cells of a table that a spreadsheet would take for formulas, kept from being run, and read back unchanged.

A cell that starts with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe in front, which spreadsheets
read as "this is text" (OWASP, CSV Injection). So that nothing is lost, a cell that already starts with apostrophes and
one of these gets one more; reading takes exactly one away from either.
"""

import re
from typing import Final

_RISKY: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


def guard(cell: str) -> str:
    """The cell as it may stand in a table."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if _GUARDED.match(cell) else cell
