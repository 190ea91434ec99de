"""Units that are the same in every language, with their names in all four."""

from decimal import Decimal
from typing import Final

from app.quantities.language import Kind, Language, Unit


def _unit(
    measure: str,
    factor: str,
    symbol: str,
    *also: str,
    kind: Kind = "metric",
    exact: bool = False,
    grows_to: str | None = None,
) -> Unit:
    return Unit(symbol, measure, Decimal(factor), kind, also=also, exact=exact, grows_to=grows_to)


COMMON: Final = Language(
    units=(
        _unit("mass", "0.001", "mg", "milligram", "milligrams", "Milligramm", "milligramme", grows_to="g"),
        _unit(
            "mass",
            "1",
            "g",
            *("gr", "grs", "gram", "grams", "Gramm", "gramme", "grammes", "gramo", "gramos"),
            grows_to="kg",
        ),
        _unit("mass", "10", "dag", "dkg", "Deka", grows_to="kg"),
        _unit(
            "mass",
            "1000",
            "kg",
            *("kgs", "kilo", "kilos", "kilogram", "kilograms", "Kilogramm", "kilogramme", "kilogrammes"),
            *("kilogramo", "kilogramos"),
        ),
        # The international pound and its ounce; a troy ounce weighs no food.
        _unit("mass", "28.349523125", "oz", "ounce", "ounces", kind="imperial"),
        _unit("mass", "453.59237", "lb", "lbs", "pound", "pounds", "libra", "libras", kind="imperial"),
        _unit(
            "volume",
            "1",
            "ml",
            *("millilitre", "millilitres", "milliliter", "milliliters", "mililitro", "mililitros"),
            grows_to="l",
        ),
        _unit("volume", "10", "cl", "centilitre", "centilitres", "Zentiliter", "centilitro", grows_to="l"),
        _unit("volume", "100", "dl", "decilitre", "decilitres", "Deziliter", "decilitro", grows_to="l"),
        _unit("volume", "1000", "l", "lt", "lts", "Ltr", "litre", "litres", "liter", "liters", "litro", "litros"),
        _unit("length", "0.1", "mm", "millimetre", "millimetres", "millimeter", "millimeters", grows_to="m"),
        _unit("length", "1", "cm", "centimetre", "centimetres", "centimeter", "Zentimeter", grows_to="m"),
        # Not `M`: 10 M eggs are medium-sized.
        _unit("length", "100", "m", "metre", "metres", "meter", "meters", "metro", "metros", exact=True),
    )
)
