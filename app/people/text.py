"""What every piece of text from outside must be before it is looked at further."""

from app.errors import Invalid


def check_text(text: str, field: str) -> None:
    """Raise `Invalid`, naming `field`, for text that Postgres or UTF-8 can't hold: NUL and lone surrogates."""
    if "\0" in text:
        raise Invalid(f"The {field} contains a NUL character. Leave it out.", field=field)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"The {field} contains a broken character. Type it again.", field=field) from None
