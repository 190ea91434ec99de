"""English: units, words and plurals."""

from decimal import Decimal
from typing import Final

from app.quantities.language import (
    HALF,
    QUARTER,
    THIRD,
    Language,
    Unit,
    numerals,
    pack_words,
    phrases,
    singulars,
    words,
)

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
    of=words("of"),
    one=words("a an one"),
    numbers=numerals("two three four five six seven eight nine ten eleven twelve"),
    fractions={"half": HALF, "third": THIRD, "thirds": THIRD, "quarter": QUARTER, "quarters": QUARTER},
    and_a_half=phrases("and a half"),
    about=phrases("about, around, approx, approximately, roughly, circa"),
    until=words("to or"),
    few=words("few little bit lot couple some tad"),
    joining=words("and or in to by per with for on at of off from a an the x ply"),
    not_plural=words(
        "molasses rices gas gases lens news series species christmas oasis basis canvas texas vegas tennis fries "
        "scissors jeans trousers pyjamas pajamas"
    ),
    singular_in_e=words(
        "ache headache cache shoe horseshoe toe canoe hoe aloe sloe roe doe floe oboe axe impasse finesse cookie "
        "brownie smoothie veggie hoodie selfie movie calorie prairie foodie sweetie onesie genie zombie rookie goalie "
        "pinkie birdie magpie cutie pixie budgie collie oldie junkie hippie potpie"
    ),
    plural_endings=singulars(
        "loaves loaf, leaves leaf, knives knife, halves half, shelves shelf, scarves scarf, buses bus, cactuses cactus"
    ),
    irregular_plurals=singulars(
        "geese goose, teeth tooth, feet foot, mice mouse, wolves wolf, wives wife, calves calf, lenses lens, "
        "scones scone, bones bone, cones cone, stones stone, phones phone, headphones headphone, zones zone, "
        "drones drone, tbones tbone, provolones provolone, calzones calzone, mascarpones mascarpone, "
        "minestrones minestrone, clones clone, tones tone"
    ),
)
