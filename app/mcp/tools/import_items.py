"""The tool `import_items`."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, Field, PrivateAttr

from app.households.tenant import Tenant
from app.lists.importing import import_items as importing
from app.lists.importing.import_items import Imported, Options
from app.lists.importing.models import Remark, Remarks
from app.lists.models import OnDuplicate, event_range
from app.mcp.argument_types import ListOfNames
from app.mcp.prose import shown_name
from app.mcp.spec import Handler, Hints, Preparation, ToolSpec, WriteArguments, WriteResult
from app.runtime.progress import reported_beside
from app.scopes import LISTS_WRITE

DONE = frozenset({"added", "merged", "restored", "purchases"})
"""The statuses of rows that changed something."""


class Arguments(WriteArguments):
    """What to import, and where."""

    data: str = Field(
        description="The text: JSON, CSV with a header, lines or a markdown checklist; up to 5,000 rows",
    )
    format: Literal["auto", "json", "csv", "text"] = Field(default="auto", description="auto: detected")
    list: ListOfNames = None
    on_duplicate: OnDuplicate = Field(
        default="merge", description="merge: add to the open line of that name; separate: a line for each row"
    )
    on_error: Literal["stop", "skip"] = Field(
        default="stop", description="stop: import nothing if there is a fault; skip: leave out what has one"
    )
    repairs: Literal["offer", "apply"] = Field(
        default="offer", description="offer: name the repairs that the data need and import nothing; apply: accept them"
    )
    dry_run: bool = Field(default=False, description="Only say what would be imported")


class RemarkView(BaseModel):
    """A fault or a repair."""

    line: int
    column: int
    field: str | None = None
    reason: str


class Result(WriteResult):
    """What was imported."""

    list: str = Field(description="Ref")
    rev: int
    format: str
    rows: int = Field(description="How many were read")
    dry_run: bool | None = Field(default=None, description="True if nothing was stored")
    counts: dict[str, int] = Field(description="Rows by status: added, merged, restored, purchases, skipped, failed")
    faults: Sequence[RemarkView] | None = None
    more_faults: int | None = Field(default=None, description="Beside those shown")
    repairs: Sequence[RemarkView] | None = Field(default=None, description="What was repaired, or would be")
    more_repairs: int | None = None
    left_out: dict[str, int] | None = Field(default=None, description="What held nothing to import")

    _list_name: str = PrivateAttr(default="")

    def on(self, list_name: str) -> Self:
        """Return this result, with the name of its list."""
        self._list_name = list_name
        return self

    def in_words(self) -> str:
        """What became of the rows: `Imported to Groceries: 12 added, 3 merged.`"""
        words = {status: status.removesuffix("s") if number == 1 else status for status, number in self.counts.items()}
        parts = ", ".join(f"{number} {words[status]}" for status, number in self.counts.items())
        what = "Would import" if self.dry_run else "Imported"
        return f"{what} to {shown_name(self._list_name)}: {parts or 'nothing'}."

    def touched(self) -> int:
        """How many rows changed something."""
        return 0 if self.dry_run else sum(number for status, number in self.counts.items() if status in DONE)


async def import_items(arguments: Arguments, preparation: Preparation) -> Handler[Result]:
    """Imports up to 5,000 items from text: what export_list writes, other JSON or CSV, lines as in add_items, a
    markdown checklist, or what KitchenOwl, Mealie, Grocy or Todoist exports, with recipes and purchases. Faults and
    repairs are named by line and column. All rows are stored, or none; if an answer is lost, repeating the call with
    its idempotency_key stores them once."""
    options = Options(
        skip=arguments.on_error == "skip", accept_repairs=arguments.repairs == "apply", dry_run=arguments.dry_run
    )
    form = None if arguments.format == "auto" else arguments.format
    async with reported_beside(preparation.report) as note:
        person_id, count = preparation.person_id, preparation.count
        read = await importing.read_data(arguments.data, form, options, person_id, count, note)

    async def handler(tenant: Tenant) -> Result:
        async with reported_beside(preparation.report) as note:
            imported = await importing.store_data(tenant, read, arguments.list, arguments.on_duplicate, options, note)
        return _result(imported, dry_run=arguments.dry_run)

    return handler


def _result(imported: Imported, *, dry_run: bool) -> Result:
    result = Result(
        list=imported.list.ref,
        rev=imported.rev,
        format=imported.format,
        rows=imported.rows,
        dry_run=dry_run or None,
        counts=dict(imported.counts),
        faults=_views(imported.faults),
        more_faults=_more(imported.faults),
        repairs=_views(imported.repairs),
        more_repairs=_more(imported.repairs),
        left_out={str(what): number for what, number in imported.left_out.items()} or None,
        undo_ref=event_range(imported.first_event_no, imported.event_no),
    )
    return result.on(imported.list.name)


def _views(remarks: Remarks) -> Sequence[RemarkView] | None:
    return [_view(each) for each in remarks.shown] or None


def _view(remark: Remark) -> RemarkView:
    return RemarkView(
        line=remark.location.line, column=remark.location.column, field=remark.field, reason=remark.reason
    )


def _more(remarks: Remarks) -> int | None:
    return remarks.count - len(remarks.shown) or None


IMPORT_ITEMS = ToolSpec(
    None,
    Arguments,
    Result,
    title="Import items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="It only adds, and undo removes what it added; a second call imports again, unless it has the same "
        "`idempotency_key`.",
    ),
    prepare=import_items,
)
