"""JSON as people and models write it: each value with its location, and each departure from the standard as a repair.

Lark parses it, because the standard library's parser reports no locations and stops at the first error. Lark is loaded
by the first import that has a fault.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from app.lists.importing.models import MOST_COLUMNS, MOST_ROWS, Location, Remark, Remarks, Unreadable
from app.text import printable

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedToken

DEEPEST: Final = 10
"""How deeply values may be nested; those of an import are three levels deep."""

MOST_COMMAS: Final = 80_000
"""In objects; five thousand rows with every field have 75,000."""

_GRAMMAR: Final = r"""
    start: value
    ?value: object | array | scalar
    object: LBRACE [pair (COMMA pair)* COMMA?] "}"
    array: LSQB [value (COMMA value)* COMMA?] "]"
    pair: key ":" value
    key: STRING | SINGLE | CURLY | WORD
    scalar: STRING | SINGLE | CURLY | NUMBER | WORD

    LBRACE: "{"
    LSQB: "["
    COMMA: ","
    STRING: /"[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*"/
    SINGLE: /'[^'\\\x00-\x1f]*(?:\\[^\x00-\x1f][^'\\\x00-\x1f]*)*'/
    CURLY: /[“„][^“”„"\\\x00-\x1f]*[“”]/
    NUMBER: /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/
    WORD: /-?[^\W\d][\w$]*/
    COMMENT: /\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*/
    SPACE: /[ \t\r\n]+/
    %ignore SPACE
    %ignore COMMENT
"""

_WORDS: Final = {"true": True, "false": False, "null": None}
_PYTHON: Final = {"True": ("true", True), "False": ("false", False), "None": ("null", None)}
_NO_VALUES: Final = frozenset({"NaN", "-NaN", "nan", "Infinity", "-Infinity", "undefined"})
_SIGNS: Final = {"COMMA": ",", "RBRACE": "}", "RSQB": "]", "COLON": ":"}
_IN_SINGLE_QUOTES: Final = re.compile(r"""\\'|\\.|\"""")


class Node(NamedTuple):
    """A value and where it begins. An object holds pairs of nodes by key, an array nodes."""

    value: Any
    location: Location

    def pairs(self) -> "Mapping[str, tuple[Node, Node]] | None":
        """Return the keys and values of an object; None for anything else."""
        value = self.value
        return cast("Mapping[str, tuple[Node, Node]]", value) if isinstance(value, dict) else None

    def elements(self) -> "Sequence[Node] | None":
        """Return the values of an array; None for anything else."""
        value = self.value
        return cast("Sequence[Node]", value) if isinstance(value, list) else None


def exact_number(text: str) -> Decimal:
    """Return a number without rounding it; NaN for one that `Decimal` can't hold."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def load_strictly(text: str) -> Any:
    """Parse standard JSON, numbers as `Decimal`. Raises `ValueError` for anything else, and for a duplicate key."""
    try:
        return json.loads(
            text,
            parse_int=exact_number,
            parse_float=exact_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_duplicates,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("duplicate key")
    return values


def load_with_locations(text: str) -> tuple[Node, Remarks]:
    """Parse JSON as people write it: return its value with the location of each part, and the repairs that it needed.

    Raises `Unreadable` if it can't be repaired.
    """
    from lark import Lark
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    reader = _Reader()
    # A parser for each call, because it calls this reader; building one takes as long as reading a few hundred rows.
    parser = Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=reader, lexer_callbacks=reader.callbacks)
    try:
        root: Any = parser.parse(text)  # pyright: ignore[reportUnknownMemberType]
        return root, reader.repairs
    except UnexpectedToken as error:
        raise _unexpected(error, text) from None
    except UnexpectedCharacters as error:
        raise Unreadable(Location(error.line, error.column), _no_token(text[error.pos_in_stream :][:20])) from None


def plain(node: Node) -> Any:
    """Return a value without locations."""
    if (pairs := node.pairs()) is not None:
        return {key: plain(value) for key, (_, value) in pairs.items()}
    if (elements := node.elements()) is not None:
        return [plain(each) for each in elements]
    return node.value


def _location_of(token: "Token") -> Location:
    return Location(cast("int", token.line), cast("int", token.column))


def _unexpected(error: "UnexpectedToken", text: str) -> Unreadable:
    accepted = error.accepts or error.expected
    expected = " or ".join(sorted({_SIGNS.get(name, "a value") for name in accepted}))
    token = cast("Token", error.token)  # pyright: ignore[reportUnknownMemberType]
    if token.type == "$END":
        lines = text.rstrip().split("\n")
        return Unreadable(Location(len(lines), len(lines[-1]) + 1), f"the data ends here; {expected} is missing")
    found = printable(str(token), 20)
    if "$END" in accepted:
        return Unreadable(_location_of(token), f"{found} comes after the end; put rows into one pair of [ ]")
    return Unreadable(_location_of(token), f"expected {expected}, found {found}")


def _no_token(rest: str) -> str:
    if rest[0] in "\"'“„":
        return "a text begins here that is not closed on its line, or holds a control character"
    if rest[0] in "-+.0123456789":
        return f"{printable(rest, 12)} is not a valid number"
    return f"expected a value or a sign, found {printable(rest[0]) or 'a control character'}"


@dataclass(slots=True)
class _Bracket:
    """An array or an object that is being read."""

    is_array: bool
    commas: int = 0


class _Reader:
    """Makes nodes of the parts of a document. Lark calls it for each part, innermost first."""

    def __init__(self) -> None:
        self.repairs = Remarks()
        self._brackets: list[_Bracket] = []
        self._commas = 0
        self._elements = 0
        self.callbacks: dict[str, Callable[[Token], Token]] = {
            "LBRACE": self._open,
            "LSQB": self._open,
            "RBRACE": self._close,
            "RSQB": self._close,
            "COMMA": self._count,
            "COMMENT": self._comment,
        }

    def _open(self, token: "Token") -> "Token":
        self._brackets.append(_Bracket(token.type == "LSQB"))
        if len(self._brackets) > DEEPEST:
            raise Unreadable(_location_of(token), f"values are nested more than {DEEPEST} levels deep")
        return token

    def _close(self, token: "Token") -> "Token":
        if self._brackets:
            self._brackets.pop()
        return token

    def _count(self, token: "Token") -> "Token":
        bracket = self._brackets[-1] if self._brackets else _Bracket(is_array=False)
        bracket.commas += 1
        self._commas += not bracket.is_array
        self._elements += bracket.is_array
        if bracket.is_array and bracket.commas > MOST_ROWS:
            reason = f"more than {MOST_ROWS:,} rows: import the rest by another call"
            raise Unreadable(_location_of(token), reason)
        if bracket.commas >= MOST_COLUMNS and not bracket.is_array:
            raise Unreadable(_location_of(token), f"there are more than {MOST_COLUMNS} columns")
        if self._commas > MOST_COMMAS or self._elements > 2 * MOST_ROWS:
            raise Unreadable(_location_of(token), f"there are more than {MOST_COMMAS:,} values")
        return token

    def _comment(self, token: "Token") -> "Token":
        self.repairs.add(Remark(_location_of(token), "a comment: leave it out"))
        return token

    def start(self, children: list[Node]) -> Node:
        """Return the whole document."""
        return children[0]

    def object(self, children: list[Any]) -> Node:
        """Return an object. Raises `Unreadable` for a duplicate key."""
        pairs: dict[str, tuple[Node, Node]] = {}
        for key, value in self._without_commas(children):
            if key.value in pairs:
                raise Unreadable(key.location, f"duplicate key {printable(key.value)}")
            pairs[key.value] = key, value
        return Node(pairs, _location_of(children[0]))

    def array(self, children: list[Any]) -> Node:
        """Return an array."""
        return Node(self._without_commas(children), _location_of(children[0]))

    def _without_commas(self, children: list[Any]) -> list[Any]:
        if len(children) > 1 and isinstance(children[-1], str):
            self.repairs.add(Remark(_location_of(cast("Token", children[-1])), "trailing comma: remove it"))
        return [each for each in children[1:] if isinstance(each, tuple)]

    def pair(self, children: list[Node]) -> tuple[Node, Node]:
        """Return a key and its value."""
        return children[0], children[1]

    def key(self, children: "list[Token]") -> Node:
        """Return a key, which may lack its quotes."""
        (token,) = children
        if token.type == "WORD":
            self.repairs.add(
                Remark(_location_of(token), f"{printable(str(token))} without quotes: put it in double quotes")
            )
            return Node(str(token), _location_of(token))
        return Node(self._text(token), _location_of(token))

    def scalar(self, children: "list[Token]") -> Node:
        """Return a text, a number, true, false or null."""
        (token,) = children
        location, word = _location_of(token), str(token)
        if token.type == "NUMBER":
            return Node(exact_number(word), location)
        if token.type != "WORD":
            return Node(self._text(token), location)
        if word in _WORDS:
            return Node(_WORDS[word], location)
        if word in _PYTHON:
            meant, value = _PYTHON[word]
            self.repairs.add(Remark(location, f"{word} for {meant}: write {meant}"))
            return Node(value, location)
        if word in _NO_VALUES:
            self.repairs.add(Remark(location, f"{word} is not a value: leave it out"))
            return Node(None, location)
        raise Unreadable(location, f"{printable(word)} is a text without quotes")

    def _text(self, token: "Token") -> str:
        inner, location = str(token)[1:-1], _location_of(token)
        if token.type == "SINGLE":
            self.repairs.add(Remark(location, "single quotes: use double quotes"))
            inner = _IN_SINGLE_QUOTES.sub(_requoted, inner)
        elif token.type == "CURLY":
            self.repairs.add(Remark(location, "curly quotes: use straight double quotes"))
        try:
            text: str = json.loads(f'"{inner}"')
        except json.JSONDecodeError as error:
            raise Unreadable(Location(location.line, location.column + error.pos), "invalid JSON escape") from None
        return text


def _requoted(found: "re.Match[str]") -> str:
    return {"\\'": "'", '"': '\\"'}.get(found[0], found[0])
