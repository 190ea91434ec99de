"""The words of a question that say what is looked for, and the texts that they are looked for in."""

from typing import Final

from app.quantities.matching import LIST_WORDS
from app.quantities.merge_key import singular
from app.text import fold

MOST_WORDS: Final = 8
"""Of one question: the first of those that say anything."""

_SAY_NOTHING: Final = frozenset(
    """a about all am an and any are at be been bought buy buying by can did do does find for from get got had has have
    history how i in is it last long many me much my need now of often on or our recently recipe s shop show some still
    tell that the their them there these things this those thing to us usually was we went were what when where which
    who why will with you your
    aber alle alles als am an auf aus bei brauche brauchen bitte das dem den der des die du ein eine einen einkaufen fur
    gekauft hat habe haben hatten ich im in ist kaufen kauften letzte letzten letztes mein meine mit noch oder rezept
    sind und uns unser unsere unserer viel von wann war waren was welche wer wie wieviel wir wo zu zum zur zuletzt
    achete acheter achetons au aux avec avons ce ces combien d dans de des dernier derniere du elle en est et il j je l
    la le les ma mes mon nous ou par pour quand que quel quelle quelles quels qu qui recette sur ta tes ton un une vous
    al ayer compramos comprado comprar con como cual cuando cuanto cuanta cuantos de del donde el ella en es esta hay
    hemos la las lo los mi mis necesitamos nosotros nuestra nuestro para por que quien receta se son su sus tenemos
    ultima ultimo un una y yo""".split()  # noqa: SIM905
)
"""Folded words, in the singular, of which a question in English, German, French or Spanish is made."""

_MARKS: Final = str.maketrans(dict.fromkeys("?!.,;:\"'’`()[]{}<>", " "))

_SHORTEST_PART: Final = 4
"""Letters that are looked for inside of words too, as `milch` in `Vollmilch`; fewer begin a word."""

Forms = tuple[str, ...]
"""Patterns of LIKE, of which one is enough."""


def words_of(question: str) -> list[str]:
    """Return the folded words of a question that say what is looked for; none in `what is on our list`."""
    words = fold(question.translate(_MARKS)).split()
    told = [word for word in words if not {word, singular(word)} & (_SAY_NOTHING | LIST_WORDS)]
    return list(dict.fromkeys(told))[:MOST_WORDS]


def patterns_of(word: str) -> Forms:
    """Return the patterns of a word as it was typed and in the singular."""
    forms = dict.fromkeys((word, singular(word)))
    return tuple(pattern for form in forms for pattern in _patterns_of(form))


def _patterns_of(form: str) -> Forms:
    literal = form.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return (f"%{literal}%",) if len(form) >= _SHORTEST_PART else (f"{literal}%", f"% {literal}%")


def _one_letter_folds() -> tuple[str, str]:
    letters = [chr(code) for code in (*range(0xC0, 0x180), *range(0x370, 0x460))]
    folded = {letter: fold(letter) for letter in letters}
    kept = {letter: key for letter, key in folded.items() if len(key) == 1 and key != letter}
    return "".join(kept), "".join(kept.values())


FOLDED_LETTERS: Final = _one_letter_folds()
"""Latin, Greek and Cyrillic letters, and what each is folded to: what Postgres can be asked for where no folded text is
stored. It leaves out letters that become two."""
