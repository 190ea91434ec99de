"""Quantities: how people write them, the base unit they are stored in, and how they are written back.

A small grammar over one table of words per language. English, German, French and Spanish are read at once. Whatever
isn't understood is part of the name and never an error: `7up`, `00 flour` and `5-grain bread` are names.
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
