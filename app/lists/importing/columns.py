"""The columns of an import: as export_list writes them, and as people call them in the product's four languages."""

import re
from typing import Final

from app.lists.export_forms import COLUMNS as EXPORTED
from app.text import fold

COLUMNS: Final = (*EXPORTED, "checked")
"""Every column, by the name that messages use."""

_ALSO: Final = {
    "name": "item, product, article, artikel, produkt, ware, bezeichnung, nom, produit, nombre, producto, articulo",
    "quantity": "qty, how many, how much, menge, anzahl, quantite, cantidad",
    "unit": "units, einheit, unite, unidad",
    "note": "notes, comment, comments, remark, remarks, notiz, bemerkung, kommentar, remarque, commentaire, nota",
    "category": "aisle, section, kategorie, abteilung, warengruppe, categorie, rayon, categoria, pasillo",
    "store": "shop, laden, geschaft, markt, magasin, tienda",
    "assignee": "assigned to, who, person, wer, zustandig, qui, quien",
    "priority": "prioritat, priorite, prioridad",
    "price": "cost, preis, prix, precio",
    "not_before": "not until",
    "repeat_every_days": "repeat, repeat every, repeat days",
    "checked_at": "bought at",
    "checked": "done, bought, erledigt, gekauft, fait, achete, hecho, comprado",
}
"""Other names of the columns."""

_SEPARATORS: Final = re.compile(r"[\s_-]+")
_LONGEST_NAME: Final = 100


def _key_of(name: str) -> str:
    return _SEPARATORS.sub("", fold(name[:_LONGEST_NAME]))


_COLUMN_OF: Final = {_key_of(column): column for column in COLUMNS} | {
    _key_of(name): column for column, names in _ALSO.items() for name in names.split(", ")
}


def column_of(name: str) -> str | None:
    """Return the column that people call so; case, accents, spaces and underscores make no difference."""
    return _COLUMN_OF.get(_key_of(name))
