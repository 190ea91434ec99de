"""French."""

from decimal import Decimal
from typing import Final

from app.quantities.language import HALF, Language, Unit, numerals, pack_words

_pack = pack_words("fr")
_SOUP: Final = (
    *("cuillère à soupe", "cuillères à soupe", "cuillerée à soupe", "cuillerées à soupe"),
    *("cuil à soupe", "cuill à soupe", "c à soupe", "càs"),
)
_COFFEE: Final = (
    *("cuillère à café", "cuillères à café", "cuillerée à café", "cuillerées à café", "cuillère à thé"),
    *("cuil à café", "cuill à café", "c à café", "càc"),
)

FRENCH: Final = Language(
    units=(
        Unit("c. à s.", "volume", Decimal(15), "kitchen", "c. à s.", _SOUP, "fr"),
        Unit("c. à c.", "volume", Decimal(5), "kitchen", "c. à c.", _COFFEE, "fr"),
        Unit("tasse", "volume", Decimal(250), "kitchen", "tasses", (), "fr"),
        # Without `de` a livre is a book.
        Unit("livre", "mass", Decimal(500), "imperial", "livres", (), "fr", needs_of=True),
        Unit("douzaine", "count", Decimal(12), "dozen", "douzaines", (), "fr"),
        Unit("pièce", "count", Decimal(1), "piece", "pièces", (), "fr"),
        Unit("unité", "count", Decimal(1), "piece", "unités", (), "fr"),
        _pack("pack", "paquet", "paquets"),
        _pack("pack", "pack", "packs"),
        _pack("bottle", "bouteille", "bouteilles"),
        _pack("can", "boîte", "boîtes"),
        _pack("can", "canette", "canettes"),
        _pack("can", "conserve", "conserves"),
        _pack("bag", "sachet", "sachets"),
        _pack("bag", "sac", "sacs"),
        _pack("jar", "bocal", "bocaux"),
        _pack("crate", "caisse", "caisses"),
        _pack("carton", "brique", "briques"),
        _pack("carton", "carton", "cartons"),
        _pack("bunch", "botte", "bottes"),
        _pack("bunch", "bouquet", "bouquets"),
        _pack("slice", "tranche", "tranches"),
        _pack("tube", "tube", "tubes"),
        # Yoghurt, cream or jam; without `de` it may be an English pot.
        _pack("tub", "pot", "pots", needs_of=True),
        _pack("tray", "barquette", "barquettes"),
        _pack("roll", "rouleau", "rouleaux"),
        _pack("bar", "tablette", "tablettes"),
        _pack("snack bar", "barre", "barres"),
        _pack("loaf", "miche", "miches"),
        _pack("head", "tête", "têtes"),
        _pack("bulb", "bulbe", "bulbes"),
        _pack("clove", "gousse", "gousses"),
        _pack("pinch", "pincée", "pincées"),
        _pack("dash", "trait", "traits"),
        _pack("handful", "poignée", "poignées"),
        _pack("sprig", "brin", "brins"),
        _pack("leaf", "feuille", "feuilles"),
        _pack("stalk", "branche", "branches"),
        _pack("cube", "cube", "cubes"),
        _pack("ball", "boule", "boules"),
        _pack("pair", "paire", "paires"),
    ),
    code="fr",
    of=frozenset({"de", "d"}),
    one=frozenset({"un", "une"}),
    numbers=numerals("deux trois quatre cinq six sept huit neuf dix onze douze"),
    fractions={
        **dict.fromkeys(("demi", "demie"), HALF),
        "tiers": Decimal(1) / 3,
        "quart": Decimal("0.25"),
        "quarts": Decimal("0.25"),
    },
    half_more=frozenset({("et", "demi"), ("et", "demie")}),
    about=frozenset({("environ",), ("env",), ("a", "peu", "pres")}),
    until=frozenset({"a", "ou"}),
    each=frozenset({"a", "de"}),
    few=frozenset({"peu"}),
    joining=frozenset(
        {
            "et",
            "ou",
            "en",
            "a",
            "d",
            "au",
            "aux",
            "sur",
            "avec",
            "pour",
            "par",
            "dans",
            "de",
            "du",
            "des",
            "le",
            "la",
            "les",
        }
    ),
)
