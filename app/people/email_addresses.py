"""E-mail addresses as login names."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from app.errors import Invalid
from app.text import check_text

LONGEST = 254


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as its owner writes it, and the key under which it is looked up."""

    address: str
    key: str

    @property
    def local_part(self) -> str:
        """What stands before the @."""
        return self.address.rpartition("@")[0]


def parse_email(text: str) -> EmailAddress:
    """A syntactically valid address; nothing is looked up in DNS. Raises `Invalid` for `email`.

    The key is the normalised address in lower case: in practice no provider tells mailboxes apart by case.
    Accents stay, because with them it is another mailbox.
    """
    check_text(text, "email")
    if len(text) > LONGEST:
        raise Invalid("The email is too long for an address. Check it.", field="email")
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise Invalid("The email is not a valid address. Write it like anna@example.org.", field="email") from None
    return EmailAddress(found.normalized, found.normalized.lower())
