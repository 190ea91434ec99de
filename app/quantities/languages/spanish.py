"""Spanish: units, words and plurals."""

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

_pack = pack_words("es")

SPANISH: Final = Language(
    units=(
        Unit(
            *("cda.", "volume", Decimal(15), "kitchen", "cdas."),
            also=("cucharada", "cucharadas", "cucharada sopera", "cucharadas soperas"),
            language="es",
        ),
        Unit(
            *("cdta.", "volume", Decimal(5), "kitchen", "cdtas."),
            also=("cdita", "cditas", "cucharadita", "cucharaditas"),
            language="es",
        ),
        Unit("taza", "volume", Decimal(250), "kitchen", "tazas", (), "es"),
        Unit("docena", "count", Decimal(12), "dozen", "docenas", (), "es"),
        Unit("unidad", "count", Decimal(1), "piece", "unidades", ("ud", "uds"), "es"),
        Unit("pieza", "count", Decimal(1), "piece", "piezas", (), "es"),
        _pack("pack", "paquete", "paquetes"),
        _pack("pack", "pack", "packs"),
        # Without `de` a sobre is an envelope, or the word for on.
        _pack("packet", "sobre", "sobres", needs_of=True),
        _pack("bottle", "botella", "botellas"),
        _pack("can", "lata", "latas"),
        _pack("bag", "bolsa", "bolsas"),
        _pack("sack", "saco", "sacos"),
        _pack("jar", "tarro", "tarros"),
        # Tin or glass, so neither can nor jar.
        _pack("bote", "bote", "botes"),
        _pack("box", "caja", "cajas"),
        _pack("carton", "cartón", "cartones"),
        _pack("carton", "brik", "briks"),
        _pack("bunch", "manojo", "manojos"),
        _pack("slice", "loncha", "lonchas"),
        _pack("slice", "rebanada", "rebanadas"),
        _pack("tube", "tubo", "tubos"),
        _pack("tub", "tarrina", "tarrinas"),
        _pack("tray", "bandeja", "bandejas"),
        _pack("net", "malla", "mallas"),
        _pack("roll", "rollo", "rollos"),
        _pack("bar", "tableta", "tabletas"),
        _pack("snack bar", "barrita", "barritas"),
        # A loaf of bread, or a bar of anything.
        _pack("barra", "barra", "barras", needs_of=True),
        _pack("loaf", "hogaza", "hogazas"),
        _pack("head", "cabeza", "cabezas"),
        _pack("bulb", "bulbo", "bulbos"),
        _pack("clove", "diente", "dientes"),
        _pack("pinch", "pizca", "pizcas"),
        _pack("dash", "chorrito", "chorritos"),
        _pack("handful", "puñado", "puñados"),
        _pack("sprig", "ramita", "ramitas"),
        _pack("leaf", "hoja", "hojas"),
        _pack("stalk", "tallo", "tallos"),
        _pack("cube", "cubito", "cubitos"),
        _pack("ball", "bola", "bolas"),
        _pack("pair", "par", "pares", needs_of=True),
    ),
    code="es",
    of=words("de"),
    one=words("un una uno"),
    numbers=numerals("dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    fractions={
        **dict.fromkeys(("medio", "media"), HALF),
        "tercio": THIRD,
        "tercios": THIRD,
        "cuarto": QUARTER,
        "cuartos": QUARTER,
    },
    and_a_half=phrases("y medio, y media"),
    about=phrases("aprox, aproximadamente, unos, unas, alrededor de, cerca de"),
    until=words("a o"),
    each=words("de"),
    few=words("poco poca poquito par"),
    joining=words("y e o u en con por para de del al a sin el la los las"),
    not_plural=words(
        "anis gas res mes bis tres dos seis lunes martes jueves viernes paraguas mas abrelatas sacacorchos"
    ),
    singular_in_e=words("leche noche coche ceviche escabeche parche especie"),
    # Limón, jamón, rotulador; words of other languages in -ones are in their own tables.
    plural_endings=singulars("ones on, dores dor"),
    irregular_plurals=singulars(
        "panes pan, flanes flan, mazapanes mazapan, calabacines calabacin, tallarines tallarin, "
        "calcetines calcetin, colines colin, patines patin, boletines boletin, jazmines jazmin, coles col, "
        "cereales cereal, frijoles frijol, pasteles pastel, papeles papel, panales panal, vegetales vegetal, "
        "caracoles caracol, manteles mantel, minerales mineral, naturales natural, integrales integral, "
        "tropicales tropical, girasoles girasol, mieles miel, flores flor, coliflores coliflor, licores licor, "
        "yogures yogur, azucares azucar, calamares calamar, alfileres alfiler, collares collar, nueces nuez, "
        "peces pez, lapices lapiz, codornices codorniz, perdices perdiz, raices raiz, luces luz, cruces cruz, "
        "arroces arroz, maices maiz, azules azul"
    ),
)
