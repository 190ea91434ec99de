"""JSON to import: what export_list writes, or an array of texts and objects."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from app.lists.export_forms import FORMAT_NAME, FORMAT_VERSION
from app.lists.importing.columns import COLUMNS, column_of
from app.lists.importing.grocy import read_grocy
from app.lists.importing.json_values import Node, load_strictly, load_with_locations, plain
from app.lists.importing.kitchenowl import read_kitchenowl
from app.lists.importing.mealie import read_mealie
from app.lists.importing.models import (
    MOST_COLUMNS,
    MOST_ROWS,
    Document,
    Location,
    Product,
    Recipe,
    Remark,
    Row,
    Unreadable,
    names_of,
)
from app.lists.importing.products import FoundRow, Path, Reader
from app.recipes.models import RECIPES_PER_HOUSEHOLD
from app.text import printable

_PRODUCTS: Final[Mapping[Product, Reader]] = {"kitchenowl": read_kitchenowl, "mealie": read_mealie, "grocy": read_grocy}


class JsonDocument(Document):
    """JSON, read quickly if it is valid; locations take a second reading, by the parser that knows them."""

    format = "json"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._root: Node | None = None
        self._unknown: dict[str, int] = {}
        self._found: Sequence[FoundRow] = ()
        try:
            root = load_strictly(text)
        except ValueError:
            root = plain(self._with_locations())
        self._read(root)

    def location(self, row: int, column: str | None = None) -> Location:
        """Return where a row, or one column of it, begins."""
        if self._found:
            found = self._found[row]
            return self._at((*found.path, *found.keys.get(column or "", ())))
        node = self._row(row)
        pairs = node.pairs()
        if pairs is None:
            return node.location
        if column is None:
            keys = [key.location for key, _ in pairs.values()]
            return keys[self.rows[row].fault_at] if row < len(self.rows) and self.rows[row].fault_at else node.location
        return next((value.location for key, (_, value) in pairs.items() if column_of(key) == column), node.location)

    def _with_locations(self) -> Node:
        if self._root is None:
            self._root, repairs = load_with_locations(self._text)
            self.repairs.extend(repairs)
        return self._root

    def _row(self, row: int) -> Node:
        root = self._with_locations()
        pairs = root.pairs()
        if pairs is not None:
            if "items" not in pairs:
                return root
            root = pairs["items"][1]
        return (root.elements() or ())[row]

    def _at(self, path: Path) -> Location:
        """Return where the value at the end of a path begins, as far as there is one."""
        node = self._with_locations()
        for step in path:
            inner = (node.pairs() or {}).get(step) if isinstance(step, str) else None
            elements = node.elements() or ()
            if inner is not None:
                node = inner[1]
            elif isinstance(step, int) and step < len(elements):
                node = elements[step]
            else:
                break
        return node.location

    def _read_product(self, root: Any) -> bool:
        """Read the export of another product; False for anything else."""
        for product, reader in _PRODUCTS.items():
            found = reader(root)
            if found is None:
                continue
            self.format = product
            if len(found.rows) > MOST_ROWS or len(found.recipes) > RECIPES_PER_HOUSEHOLD:
                reason = f"more than {MOST_ROWS:,} rows, or {RECIPES_PER_HOUSEHOLD:,} recipes"
                raise Unreadable(self._at(()), reason)
            self._found = found.rows
            self.rows = [each.row for each in found.rows]
            self.recipes = [
                Recipe(each.name, each.servings, each.lines, partial(self._at, each.path)) for each in found.recipes
            ]
            self.left_out["stock_changes" if product == "grocy" else "expenses"] += found.left_out
            return True
        return False

    def _read(self, root: Any) -> None:
        if self._read_product(root):
            return
        if isinstance(root, dict):
            root = self._items_of(cast("dict[str, Any]", root))
        elif not isinstance(root, list):
            raise Unreadable(
                self._with_locations().location, "the data must be an array of rows, or an object with items"
            )
        items = cast("list[Any]", root)
        if len(items) > MOST_ROWS:
            raise Unreadable(self.location(MOST_ROWS), f"more than {MOST_ROWS:,} rows: import the rest by another call")
        self.rows = [self._row_of(each, number) for number, each in enumerate(items)]
        for key, row in self._unknown.items():
            location = (self._row(row).pairs() or {})[key][0].location
            self.faults.add(Remark(location, f"unknown column {printable(key)}; known: {names_of(COLUMNS)}"))

    def _items_of(self, root: Mapping[str, Any]) -> list[Any]:
        if "items" not in root:
            if any(column_of(key) == "name" for key in root):
                return [root]
            raise Unreadable(self._with_locations().location, "the object has neither items nor a name")
        items = root["items"]
        if not isinstance(items, list):
            raise Unreadable(self._value_of("items").location, "items must be an array")
        if root.get("format") == FORMAT_NAME:
            if root.get("version") != FORMAT_VERSION:
                location = self._value_of("version" if "version" in root else "format").location
                raise Unreadable(location, f"version {FORMAT_VERSION} of {FORMAT_NAME} is the only one known here")
            self.has_quantities = True
            settings = root.get("list")
            if isinstance(settings, dict):
                self._settings(cast("dict[str, Any]", settings))
        return cast("list[Any]", items)

    def _settings(self, settings: Mapping[str, Any]) -> None:
        self.left_out["list_settings"] += sum(name != "name" for name in settings)
        currency = settings.get("currency")
        if isinstance(currency, str):
            self.currency = currency

    def currency_location(self) -> Location:
        """Return where the data name their currency."""
        return (self._value_of("list").pairs() or {})["currency"][1].location

    def _value_of(self, key: str) -> Node:
        return (self._with_locations().pairs() or {})[key][1]

    def _row_of(self, item: Any, number: int) -> Row:
        if isinstance(item, str):
            return Row(phrase=item)
        if not isinstance(item, dict):
            return Row(fault="a row must be an object or a text")
        cells: dict[str, Any] = {}
        for column_no, (key, value) in enumerate(cast("dict[str, Any]", item).items()):
            column = column_of(key)
            if column is None:
                if len(self._unknown) < MOST_COLUMNS:
                    self._unknown.setdefault(key, number)
            elif column in cells:
                return Row(fault=f"duplicate column: {printable(key)} means {column}", fault_at=column_no)
            else:
                cells[column] = value
        if "amount" in cells and "measure" not in cells and "quantity" not in cells:
            cells["quantity"] = cells.pop("amount")  # what people call a quantity
        return Row(cells)
