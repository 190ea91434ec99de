"""Signs around numbers: the times sign, and parentheses."""

from app.lists.quantities.line import Line


def is_times(line: Line, place: int) -> bool:
    """Whether `x` or `×` is there."""
    token = line.at(place)
    return token is not None and (token.is_sign("×") or token.text == "x")


def is_times_after_number(line: Line, place: int) -> bool:
    """The same behind a number, where a capital will do too: 3X milk, but X3 is a name."""
    token = line.glued(place)
    return is_times(line, place) or (token is not None and token.text == "X")


def parenthesis_at(line: Line, place: int) -> tuple[str | None, int]:
    """What stands in parentheses at a place, and the place behind; the same place where there are none."""
    opening = line.at(place)
    if opening is None or not opening.is_sign("("):
        return None, place
    for end in range(place + 1, len(line)):
        token = line.tokens[end]
        if token.is_sign("("):
            break
        if token.is_sign(")"):
            return line.between(place + 1, end).strip() or None, end + 1
    return None, place
