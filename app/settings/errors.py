"""Error messages for wrong settings."""

from pydantic_core import ErrorDetails


def describe_place(path: tuple[int | str, ...]) -> str:
    """Describe where in a list an error is, counting from 1."""
    return "".join(f"entry {step + 1}: " if isinstance(step, int) else f"{step}: " for step in path)


def describe_error(detail: ErrorDetails) -> str:
    """Say what a setting must be; pydantic's own messages are for programmers."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "bool_parsing" | "bool_type":
            return "must be on or off"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "literal_error":
            return f"must be one of {context['expected']}"
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not a known member"
        case "too_short":
            return f"must have at least {_count(context['min_length'], 'entry', 'entries')}"
        case "too_long":
            return f"must have at most {_count(context['max_length'], 'entry', 'entries')}"
        case "string_too_short":
            return f"must have at least {_count(context['min_length'], 'character', 'characters')}"
        case "string_too_long":
            return f"must have at most {_count(context['max_length'], 'character', 'characters')}"
        case "model_type":
            return "must be an issuer, or an object with the member issuer"
        case _:
            return detail["msg"].removeprefix("Value error, ")


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
