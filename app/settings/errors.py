"""What is wrong with a setting, in the words of the people who set it."""

from pydantic_core import ErrorDetails


def place(path: tuple[int | str, ...]) -> str:
    """Where in a list a fault is, as people count."""
    return "".join(f"entry {step + 1}: " if isinstance(step, int) else f"{step}: " for step in path)


def in_words(detail: ErrorDetails) -> str:
    """What a setting must be; pydantic's own words are for programmers."""
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
            return "there is no such member"
        case "too_short":
            return f"needs at least {context['min_length']}"
        case "too_long":
            return f"may have at most {context['max_length']}"
        case "string_too_long":
            return f"may have at most {context['max_length']} characters"
        case "model_type":
            return "must be an address, or an object with an issuer"
        case _:
            return detail["msg"].removeprefix("Value error, ")
