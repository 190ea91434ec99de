"""German."""

from decimal import Decimal
from typing import Final

from app.quantities.language import HALF, Language, Unit, numerals, pack_words

_pack = pack_words("de")

GERMAN: Final = Language(
    units=(
        # Not `El`: 2 El Paso is a brand.
        Unit("EL", "volume", Decimal(15), "kitchen", "EL", ("el", "Esslöffel", "Eßlöffel"), "de", exact=True),
        Unit("TL", "volume", Decimal(5), "kitchen", "TL", ("tl", "Tl", "Teelöffel"), "de"),
        Unit("Tasse", "volume", Decimal(250), "kitchen", "Tassen", (), "de"),
        Unit("Pfund", "mass", Decimal(500), "imperial", "Pfund", ("Pfd",), "de"),
        Unit("Dutzend", "count", Decimal(12), "dozen", "Dutzend", (), "de"),
        Unit("Stück", "count", Decimal(1), "piece", "Stück", ("Stücke", "Stk"), "de"),
        _pack("pack", "Packung", "Packungen", "Pckg", "Pkg"),
        _pack("pack", "Pack", "Packs"),
        _pack("pack", "Paket", "Pakete"),
        _pack("packet", "Päckchen", "Päckchen", "Pck"),
        _pack("six-pack", "Sixpack", "Sixpacks", "Sechserpack", "Sechserträger"),
        _pack("bottle", "Flasche", "Flaschen", "Fl"),
        # A French dose is read before `de` only, which is no German word.
        _pack("can", "Dose", "Dosen"),
        _pack("can", "Büchse", "Büchsen"),
        _pack("bag", "Tüte", "Tüten"),
        _pack("bag", "Beutel", "Beutel"),
        _pack("sack", "Sack", "Säcke"),
        _pack("jar", "Glas", "Gläser"),
        _pack("box", "Schachtel", "Schachteln"),
        _pack("crate", "Kasten", "Kästen"),
        _pack("crate", "Kiste", "Kisten"),
        _pack("carton", "Karton", "Kartons"),
        _pack("bunch", "Bund", "Bund"),
        _pack("slice", "Scheibe", "Scheiben"),
        _pack("tube", "Tube", "Tuben"),
        _pack("tub", "Becher", "Becher"),
        _pack("tray", "Schale", "Schalen"),
        _pack("net", "Netz", "Netze"),
        _pack("roll", "Rolle", "Rollen"),
        _pack("bar", "Tafel", "Tafeln"),
        _pack("snack bar", "Riegel", "Riegel"),
        _pack("loaf", "Laib", "Laibe"),
        _pack("head", "Kopf", "Köpfe"),
        _pack("bulb", "Knolle", "Knollen"),
        _pack("clove", "Zehe", "Zehen"),
        _pack("pinch", "Prise", "Prisen"),
        _pack("knife tip", "Messerspitze", "Messerspitzen", "Msp"),
        _pack("dash", "Schuss", "Schuss", "Spritzer"),
        _pack("handful", "Handvoll", "Handvoll"),
        _pack("sprig", "Zweig", "Zweige"),
        _pack("leaf", "Blatt", "Blätter"),
        _pack("stalk", "Stange", "Stangen"),
        _pack("cube", "Würfel", "Würfel"),
        _pack("ball", "Kugel", "Kugeln"),
        _pack("pair", "Paar", "Paar"),
    ),
    code="de",
    of=frozenset({"von"}),
    one=frozenset({"ein", "eine", "einen", "einem", "einer"}),
    numbers=numerals("zwei drei vier funf sechs sieben acht neun zehn elf zwolf")
    | {"anderthalb": Decimal("1.5"), "eineinhalb": Decimal("1.5"), "dreiviertel": Decimal("0.75")},
    fractions={
        **dict.fromkeys(("halb", "halbe", "halber", "halbes", "halben"), HALF),
        "drittel": Decimal(1) / 3,
        "viertel": Decimal("0.25"),
    },
    half_of_a_thing=frozenset({"halbe", "halber", "halbes", "halben"}),
    about=frozenset({("ca",), ("circa",), ("zirka",), ("etwa",), ("ungefahr",), ("rund",)}),
    until=frozenset({"bis", "oder"}),
    each=frozenset({"a", "je", "mit"}),
    few=frozenset({"paar", "bisschen", "wenig", "haufen"}),
    joining=frozenset(
        {"und", "oder", "in", "im", "auf", "mit", "zu", "zum", "pro", "fur", "aus", "bis", "von", "je", "der", "die"}
        | {"das", "den", "dem", "mal", "lagig", "lagige", "lagiges"}
    ),
)
