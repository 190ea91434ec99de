"""French: units, words and plurals."""

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
    of=words("de d"),
    one=words("un une"),
    numbers=numerals("deux trois quatre cinq six sept huit neuf dix onze douze"),
    fractions={**dict.fromkeys(("demi", "demie"), HALF), "tiers": THIRD, "quart": QUARTER, "quarts": QUARTER},
    and_a_half=phrases("et demi, et demie"),
    about=phrases("environ, env, a peu pres"),
    until=words("a ou"),
    each=words("a de"),
    few=words("peu"),
    joining=words("et ou en a d au aux sur avec pour par dans de du des le la les"),
    not_plural=words(
        "pois repas ananas cassis anis mais radis brebis souris tapis anchois cabas bras dos os bois fois mois fils "
        "vis gras frais epais anglais francais colis coulis hachis pastis chablis gris permis matelas cervelas "
        "verglas ris riz noix prix roux doux houx croix salsifis maquis paris tournedos calvados"
    ),
    singular_in_e=words(
        "quiche brioche peche mache buche seiche couche poche miche cartouche tranche niche creche pistache blanche "
        "fraiche branche broche douche bouche louche planche ruche torche saucisse mousse tasse brosse pousse "
        "ecrevisse bouillabaisse housse trousse cuisse reglisse suisse masse grosse rousse terrasse pelisse carcasse "
        "luxe bougie charcuterie patisserie viennoiserie epicerie ortie sortie otarie scie toupie"
    ),
    plural_endings=singulars("eaux eau, yaux yau"),
    irregular_plurals=singulars(
        "choux chou, bijoux bijou, cailloux caillou, genoux genou, bocaux bocal, journaux journal, animaux animal, "
        "chevaux cheval, jeux jeu, feux feu, cheveux cheveu, yeux oeil"
    ),
)
