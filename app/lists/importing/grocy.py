"""JSON of Grocy's API: the objects `shopping_list`, with `products` and `quantity_units`, which give them names.

One object has them by these names, as each address `/api/objects/NAME` answers them. What it documents of purchases
(`stock_log`) has neither price nor store, so it is left out.
"""

from collections.abc import Mapping
from typing import Any

from app.lists.importing.models import Row
from app.lists.importing.products import Found, FoundRow, as_list, as_object, cells_of


def read_grocy(root: Any) -> Found | None:
    """Return the lines of Grocy's shopping lists."""
    data = as_object(root)
    lines = as_list(data.get("shopping_list")) if "shopping_list" in data else as_list(root)
    prefix = ("shopping_list",) if "shopping_list" in data else ()
    if "shopping_list" not in data and not (lines and all("shopping_list_id" in as_object(each) for each in lines)):
        return None
    products, units, groups = (_by_id(data.get(name)) for name in ("products", "quantity_units", "product_groups"))
    rows = [_row_of(each, (*prefix, number), products, units, groups) for number, each in enumerate(lines)]
    return Found(rows, left_out=len(as_list(data.get("stock_log"))))


def _by_id(values: object) -> Mapping[str, Mapping[str, Any]]:
    return {str(as_object(each).get("id")): as_object(each) for each in as_list(values)}


def _row_of(
    value: Any,
    path: tuple[str | int, ...],
    products: Mapping[str, Mapping[str, Any]],
    units: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Mapping[str, Any]],
) -> FoundRow:
    line = as_object(value)
    if not line:
        return FoundRow(path, Row(fault="a line of shopping_list must be an object"))
    product_id = line.get("product_id")
    product = products.get(str(product_id)) if product_id is not None else None
    if product_id is not None and product is None:
        fault = f"product {str(product_id)[:20]} is not in products; put what /api/objects/products answers there"
        return FoundRow(path, Row(fault=fault))
    note = line.get("note")
    unit = units.get(str(line.get("qu_id")), {}).get("name")
    group = groups.get(str((product or {}).get("product_group_id")), {}).get("name")
    cells, keys = cells_of(
        {
            "name": (note, ("note",)) if product is None else (product.get("name"), ("product_id",)),
            "quantity": (line.get("amount"), ("amount",)),
            "unit": (unit, ("qu_id",)),
            "note": (None if product is None else note, ("note",)),
            "category": (group, ("product_id",)),
            "checked": (line.get("done"), ("done",)),
        }
    )
    return FoundRow(path, Row(cells), keys)
