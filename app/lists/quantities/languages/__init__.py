"""One table a language; the first that knows a word wins where nothing else tells them apart."""

from typing import Final

from app.lists.quantities.language import Language
from app.lists.quantities.languages.common import COMMON
from app.lists.quantities.languages.english import ENGLISH
from app.lists.quantities.languages.french import FRENCH
from app.lists.quantities.languages.german import GERMAN
from app.lists.quantities.languages.spanish import SPANISH

LANGUAGES: Final[tuple[Language, ...]] = (COMMON, ENGLISH, GERMAN, FRENCH, SPANISH)
