"""Quantities: how people write them, the base unit they are stored in, and how they are written back.

A small grammar over one table of words per language. English, German, French and Spanish are read at once. Whatever
isn't understood is part of the name and never an error: `7up`, `00 flour` and `5-grain bread` are names.

`phrases` reads a line: `marks` takes off the mark of a list, then `leading` looks for an amount before the name, and
`trailing` for one after it. They are made of `numbers`, `amounts` (with units and sizes), `measured` (a number and a
unit before a name) and `packs`; `names` says where a name may begin. `language` reads the files in `languages/`, and
`vocabulary` and `units` join them into the tables of words. `quantity` adds amounts up and writes them, `merge_key`
says which names are one thing, and `matching` which thing a name means. `foods` knows what cups weigh, and
`receipt_line` finds prices.
"""

from app.quantities.language import Unit
from app.quantities.phrases import Phrase, parse_phrase
from app.quantities.quantity import LARGEST, Quantity, find_size_unit, make_quantity
from app.quantities.units import UNITS, factor_of

__all__ = [
    "LARGEST",
    "UNITS",
    "Phrase",
    "Quantity",
    "Unit",
    "factor_of",
    "find_size_unit",
    "make_quantity",
    "parse_phrase",
]
