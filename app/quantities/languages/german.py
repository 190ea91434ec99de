"""German: units, words and plurals."""

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
        # No clash with a French dose, which is followed by `de`, not a German word.
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
    of=words("von"),
    one=words("ein eine einen einem einer"),
    numbers=numerals("zwei drei vier funf sechs sieben acht neun zehn elf zwolf")
    | {"anderthalb": Decimal("1.5"), "eineinhalb": Decimal("1.5"), "dreiviertel": Decimal("0.75")},
    fractions={
        **dict.fromkeys(("halb", "halbe", "halber", "halbes", "halben"), HALF),
        "drittel": THIRD,
        "viertel": QUARTER,
    },
    half_of_a_thing=words("halbe halber halbes halben"),
    about=phrases("ca, circa, zirka, etwa, ungefahr, rund"),
    until=words("bis oder"),
    each=words("a je mit"),
    few=words("paar bisschen wenig haufen"),
    joining=words("und oder in im auf mit zu zum pro fur aus bis von je der die das den dem mal lagig lagige lagiges"),
    not_plural=words(
        "reis reise eis mais gas glas gras keks lachs ananas anis kurbis schnaps krebs wachs kies vlies gries preis "
        "hals raps klops puls kreis beweis ausweis feier geier schleier milchreis basmatireis jasminreis risottoreis "
        "langkornreis speiseeis"
    ),
    # A compound ends in its noun, so one entry covers Kirschtomaten and Cocktailtomaten.
    plural_endings=singulars(
        "eln el, tomaten tomate, bananen banane, zitronen zitrone, limetten limette, orangen orange, "
        "mandarinen mandarine, clementinen clementine, nektarinen nektarine, aprikosen aprikose, pflaumen pflaume, "
        "zwetschgen zwetschge, kirschen kirsche, birnen birne, beeren beere, trauben traube, melonen melone, "
        "feigen feige, rosinen rosine, oliven olive, gurken gurke, karotten karotte, mohren mohre, "
        "schalotten schalotte, auberginen aubergine, bohnen bohne, erbsen erbse, linsen linse, "
        "artischocken artischocke, nelken nelke, schoten schote, maronen marone, garnelen garnele, "
        "sardinen sardine, forellen forelle, frikadellen frikadelle, bouletten boulette, wurste wurst, "
        "oblaten oblate, kerzen kerze, servietten serviette, tabletten tablette, seifen seife, binden binde, "
        "dosen dose, flaschen flasche, taschen tasche, schrauben schraube, blumen blume, pralinen praline, "
        "torten torte, eier ei, huhner huhn, blatter blatt, tucher tuch, brote brot, pilze pilz, fische fisch, "
        "salate salat, getranke getrank, nusse nuss, safte saft, pfirsiche pfirsich, kurbisse kurbis, "
        "joghurte joghurt, schwamme schwamm, rettiche rettich"
    ),
    # Batterie(n) shares a key with battery and batteries, whose plural is also French.
    irregular_plurals=singulars(
        "eiern ei, batterie battery, batterien battery, kekse keks, lachse lachs, krebse krebs, apfeln apfel, "
        "glaser glas, preise preis"
    ),
)
