"""JSON of Grocy's API: the objects `shopping_list` and `stock_log`, with those that give them names.

One object has them by these names, as each address `/api/objects/NAME` answers them. Of `stock_log`, purchases that
were not undone are read; what else happened to the stock is left out. Its prices are of one unit of the stock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.lists.importing.models import Row
from app.lists.importing.products import Found, FoundRow, Path, as_list, as_object, cells_of
from app.quantities import LARGEST
from app.text import plain_number, printable

_LOG: Final = "stock_log"
_LIST: Final = "shopping_list"
_UNDONE: Final = (1, "1", True)

_Objects = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Names:
    """What the data refer to by id."""

    products: _Objects
    units: _Objects
    groups: _Objects
    stores: _Objects


def read_grocy(root: Any) -> Found | None:
    """Return the lines of Grocy's shopping lists, and its purchases."""
    data = as_object(root)
    if not data:
        lines = as_list(root)
        keys = {_LIST: "shopping_list_id", _LOG: "transaction_type"}
        name = next((name for name, key in keys.items() if lines and all(key in as_object(one) for one in lines)), None)
        return None if name is None else _found({name: lines}, ())
    return _found(data) if _LIST in data or (_LOG in data and "products" in data) else None


def _found(data: Mapping[str, Any], root: Path | None = None) -> Found:
    """Return what is in the objects; `root` is where an array is that has no name."""
    names = _Names(
        *(_by_id(data.get(name)) for name in ("products", "quantity_units", "product_groups", "shopping_locations"))
    )
    rows: list[FoundRow] = []
    left_out = 0
    for number, each in enumerate(as_list(data.get(_LIST))):
        rows.append(_row_of(each, (*((_LIST,) if root is None else root), number), names, _LIST, _line_cells))
    for number, each in enumerate(as_list(data.get(_LOG))):
        entry = as_object(each)
        if entry and (entry.get("transaction_type") != "purchase" or entry.get("undone") in _UNDONE):
            left_out += 1
            continue
        rows.append(_row_of(each, (*((_LOG,) if root is None else root), number), names, _LOG, _purchase_cells))
    return Found(rows, left_out=left_out)


def _by_id(values: object) -> _Objects:
    return {str(as_object(each).get("id")): as_object(each) for each in as_list(values)}


_Cells = Mapping[str, tuple[Any, Path]]


def _row_of(
    value: Any,
    path: Path,
    names: _Names,
    of: str,
    read: Callable[[Mapping[str, Any], Mapping[str, Any] | None, _Names], _Cells],
) -> FoundRow:
    line = as_object(value)
    if not line:
        return FoundRow(path, Row(fault=f"a line of {of} must be an object"))
    product_id = line.get("product_id")
    product = names.products.get(str(product_id)) if product_id is not None else None
    if product_id is not None and product is None:
        if isinstance(product_id, bool) or not isinstance(product_id, str | Decimal):
            return FoundRow(path, Row(fault="product_id must be a number, that of one of the products"))
        named = printable(str(product_id), 20)
        fault = f"product {named} is not in products; put what /api/objects/products answers there"
        return FoundRow(path, Row(fault=fault))
    cells, keys = cells_of(read(line, product, names))
    return FoundRow(path, Row(cells, is_purchase=of == _LOG), keys)


def _line_cells(line: Mapping[str, Any], product: Mapping[str, Any] | None, names: _Names) -> _Cells:
    note = line.get("note")
    return {
        "name": (note, ("note",)) if product is None else (product.get("name"), ("product_id",)),
        "quantity": (line.get("amount"), ("amount",)),
        "unit": (_name(names.units, line.get("qu_id")), ("qu_id",)),
        "note": (None if product is None else note, ("note",)),
        "category": (_group(product, names), ("product_id",)),
        "checked": (line.get("done"), ("done",)),
    }


def _purchase_cells(line: Mapping[str, Any], product: Mapping[str, Any] | None, names: _Names) -> _Cells:
    of = product or {}
    return {
        "name": (of.get("name"), ("product_id",)),
        "quantity": (line.get("amount"), ("amount",)),
        "unit": (_name(names.units, of.get("qu_id_stock")), ("amount",)),
        "price": (_price_of(line), ("price",)),
        "store": (_name(names.stores, line.get("shopping_location_id")), ("shopping_location_id",)),
        "category": (_group(product, names), ("product_id",)),
        "bought_on": (line.get("purchased_date"), ("purchased_date",)),
    }


def _name(objects: _Objects, key: Any) -> Any:
    return objects.get(str(key), {}).get("name")


def _group(product: Mapping[str, Any] | None, names: _Names) -> Any:
    return _name(names.groups, (product or {}).get("product_group_id"))


def _price_of(line: Mapping[str, Any]) -> Any:
    """Return the price of all that was bought; what is no number is returned as it is, for the fault to name it."""
    price, amount = _number(line.get("price")), _number(line.get("amount"))
    return line.get("price") if price is None or amount is None or amount <= 0 else price * amount


def _number(value: Any) -> Decimal | None:
    number = plain_number(value) if isinstance(value, str) else value
    is_amount = isinstance(number, Decimal) and number.is_finite() and number.copy_abs() <= LARGEST
    return number if is_amount else None
