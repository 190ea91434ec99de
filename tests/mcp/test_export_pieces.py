"""The pieces of a long export, put together, are what it would be in one."""

from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.lists.export_forms import FORMS
from app.lists.items.fields import parse_label, parse_name, parse_note
from app.mcp.tools import export_list
from tests.lists.importing.test_round_trip import texts
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

IN_ONE: Final = 10_000_000
ITEM: Final[st.SearchStrategy[dict[str, str]]] = st.fixed_dictionaries(
    {"name": texts(60, parse_name)},
    optional={"note": texts(60, parse_note), "category": texts(20, parse_label)},
)
ITEMS: Final = st.lists(ITEM, min_size=1, max_size=12)
_numbers = count(1)


async def pieces_of(client: McpClient, name: str, form: str) -> list[dict[str, Any]]:
    """Every piece of an export."""
    pieces = [await client.call("export_list", list=name, format=form, view="all")]
    while cursor := pieces[-1].get("next_cursor"):
        pieces.append(await client.call("export_list", list=name, format=form, view="all", cursor=cursor))
    return pieces


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=ITEMS, longest=st.integers(1, 2_000), checked=st.integers(0, 12))
async def test_an_export_in_pieces_of_any_length_loses_and_doubles_nothing(
    client: McpClient, monkeypatch: pytest.MonkeyPatch, items: list[dict[str, str]], longest: int, checked: int
) -> None:
    name = f"List {next(_numbers)}"
    await client.call("save_list", name=name)
    added = await client.call("add_items", list=name, items=items, on_duplicate="separate")
    refs = [each["ref"] for each in added["results"]]
    if done := refs[:checked]:
        await client.call("check_items", items=done)
    for form in FORMS:
        with monkeypatch.context() as patch:
            patch.setattr(export_list, "LONGEST", IN_ONE)
            (whole,) = await pieces_of(client, name, form)
            patch.setattr(export_list, "LONGEST", longest)
            pieces = await pieces_of(client, name, form)
        assert "".join(each["text"] for each in pieces) == whole["text"], form
        assert sum(each["items"] for each in pieces) == whole["items"] == len(set(refs)), form
        assert all(each["items"] > 0 for each in pieces), form
