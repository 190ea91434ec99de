"""One table a language; the first that knows a word wins where nothing else tells them apart."""

from typing import Final

from app.quantities.language import Language
from app.quantities.languages.common import COMMON
from app.quantities.languages.english import ENGLISH
from app.quantities.languages.french import FRENCH
from app.quantities.languages.german import GERMAN
from app.quantities.languages.spanish import SPANISH

LANGUAGES: Final[tuple[Language, ...]] = (COMMON, ENGLISH, GERMAN, FRENCH, SPANISH)
