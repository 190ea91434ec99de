"""Units that are the same in every language, with their names in the four."""

from typing import Final

from app.quantities.language import Language, measured

COMMON: Final = Language(
    units=(
        measured("mass", "0.001", "mg", "milligram", "milligrams", "Milligramm", "milligramme", grows_to="g"),
        measured(
            "mass",
            "1",
            "g",
            *("gr", "grs", "gram", "grams", "Gramm", "gramme", "grammes", "gramo", "gramos"),
            grows_to="kg",
        ),
        measured("mass", "10", "dag", "dkg", "Deka", grows_to="kg"),
        measured(
            "mass",
            "1000",
            "kg",
            *("kgs", "kilo", "kilos", "kilogram", "kilograms", "Kilogramm", "kilogramme", "kilogrammes"),
            *("kilogramo", "kilogramos"),
        ),
        # The international pound and its ounce; a troy ounce weighs no food.
        measured("mass", "28.349523125", "oz", "ounce", "ounces", kind="imperial"),
        measured("mass", "453.59237", "lb", "lbs", "pound", "pounds", "libra", "libras", kind="imperial"),
        measured(
            "volume",
            "1",
            "ml",
            *("millilitre", "millilitres", "milliliter", "milliliters", "mililitro", "mililitros"),
            grows_to="l",
        ),
        measured("volume", "10", "cl", "centilitre", "centilitres", "Zentiliter", "centilitro", grows_to="l"),
        measured("volume", "100", "dl", "decilitre", "decilitres", "Deziliter", "decilitro", grows_to="l"),
        measured("volume", "1000", "l", "lt", "lts", "Ltr", "litre", "litres", "liter", "liters", "litro", "litros"),
        measured("length", "0.1", "mm", "millimetre", "millimetres", "millimeter", "millimeters", grows_to="m"),
        measured("length", "1", "cm", "centimetre", "centimetres", "centimeter", "Zentimeter", grows_to="m"),
        # Not `M`: 10 M eggs are of a middle size.
        measured("length", "100", "m", "metre", "metres", "meter", "meters", "metro", "metros", exact=True),
    )
)
