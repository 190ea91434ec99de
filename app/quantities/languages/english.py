"""English."""

from decimal import Decimal
from typing import Final

from app.quantities.language import HALF, Language, Unit, numerals, pack_words

_pack = pack_words("en")


def _liquid(millilitres: str, symbol: str, *also: str, plural: str = "") -> Unit:
    return Unit(symbol, "volume", Decimal(millilitres), "imperial", plural, also, "en")


ENGLISH: Final = Language(
    units=(
        # Kitchen measures by the rounded millilitres of food labels (21 CFR 101.9).
        Unit("tsp", "volume", Decimal(5), "kitchen", "tsp", ("teaspoon", "teaspoons", "tsps"), "en"),
        Unit("tbsp", "volume", Decimal(15), "kitchen", "tbsp", ("tablespoon", "tablespoons", "tbs", "tbsps"), "en"),
        Unit("cup", "volume", Decimal(240), "kitchen", "cups", (), "en"),
        # The customary liquid measures of the United States.
        _liquid("29.5735295625", "fl oz", "fluid ounce", "fluid ounces", "floz"),
        _liquid("473.176473", "pint", "pt", plural="pints"),
        _liquid("946.352946", "quart", "qt", plural="quarts"),
        _liquid("3785.411784", "gallon", "gal", plural="gallons"),
        Unit("dozen", "count", Decimal(12), "dozen", "dozen", ("doz",), "en"),
        Unit("piece", "count", Decimal(1), "piece", "pieces", ("pc", "pcs"), "en"),
        _pack("pack", "pack", "packs", "package", "packages", "pkg", "pkgs"),
        _pack("packet", "packet", "packets", "pkt", "pkts"),
        _pack("bag", "sachet", "sachets"),
        _pack("six-pack", "sixpack", "sixpacks"),
        _pack("bottle", "bottle", "bottles", "btl"),
        _pack("can", "can", "cans"),
        _pack("can", "tin", "tins"),
        _pack("bag", "bag", "bags"),
        _pack("sack", "sack", "sacks"),
        _pack("jar", "jar", "jars"),
        _pack("box", "box", "boxes"),
        _pack("crate", "crate", "crates"),
        _pack("carton", "carton", "cartons"),
        _pack("bunch", "bunch", "bunches"),
        _pack("slice", "slice", "slices"),
        _pack("tube", "tube", "tubes"),
        _pack("tub", "tub", "tubs"),
        _pack("tub", "pot", "pots", needs_of=True),
        _pack("tray", "tray", "trays"),
        _pack("tray", "punnet", "punnets"),
        _pack("net", "net", "nets", needs_of=True),
        _pack("roll", "roll", "rolls"),
        _pack("bar", "bar", "bars"),
        _pack("loaf", "loaf", "loaves"),
        _pack("head", "head", "heads"),
        _pack("bulb", "bulb", "bulbs"),
        _pack("clove", "clove", "cloves"),
        _pack("pinch", "pinch", "pinches"),
        _pack("dash", "dash", "dashes"),
        _pack("handful", "handful", "handfuls"),
        _pack("sprig", "sprig", "sprigs"),
        _pack("leaf", "leaf", "leaves"),
        _pack("stalk", "stalk", "stalks"),
        _pack("stick", "stick", "sticks"),
        _pack("cube", "cube", "cubes"),
        _pack("ball", "ball", "balls"),
        _pack("pair", "pair", "pairs"),
    ),
    code="en",
    of=frozenset({"of"}),
    one=frozenset({"a", "an", "one"}),
    numbers=numerals("two three four five six seven eight nine ten eleven twelve"),
    fractions={
        "half": HALF,
        "third": Decimal(1) / 3,
        "thirds": Decimal(1) / 3,
        "quarter": Decimal("0.25"),
        "quarters": Decimal("0.25"),
    },
    half_more=frozenset({("and", "a", "half")}),
    about=frozenset({("about",), ("around",), ("approx",), ("approximately",), ("roughly",), ("circa",)}),
    until=frozenset({"to", "or"}),
    few=frozenset({"few", "little", "bit", "lot", "couple", "some", "tad"}),
    joining=frozenset(
        {"and", "or", "in", "to", "by", "per", "with", "for", "on", "at", "of", "off", "from", "a", "an", "the", "x"}
        | {"ply"}
    ),
)
