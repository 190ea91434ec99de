"""Arguments by which tools are told which items are meant."""

from typing import Annotated

from pydantic import Field

from app.lists.models import ITEMS_PER_CALL

ItemNames = Annotated[
    list[str],
    Field(
        description="Names or refs; refs are good on any list",
        min_length=1,
        max_length=ITEMS_PER_CALL,
        examples=[["milk", "i12"]],
    ),
]
ListOfNames = Annotated[
    str | None, Field(description="List that names are on; default list if left out", max_length=200)
]
