"""E-mail addresses as login names."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from app.errors import Invalid
from app.text import check_text

LONGEST = 254


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as its owner writes it, and the key for looking it up."""

    address: str
    key: str

    @property
    def local_part(self) -> str:
        """The part before the @."""
        return self.address.rpartition("@")[0]


def parse_email(text: str) -> EmailAddress:
    """Return a syntactically valid address, without looking anything up in DNS. Raises `Invalid` for `email`.

    The key is the normalised address in lower case: in practice no provider distinguishes mailboxes by case. Accents
    stay, because they make it another mailbox.
    """
    check_text(text, "email")
    if len(text) > LONGEST:
        raise Invalid("The email is too long. Check it for mistakes.", field="email")
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise Invalid("The email is not a valid address. Write it like anna@example.org.", field="email") from None
    return EmailAddress(found.normalized, found.normalized.lower())
