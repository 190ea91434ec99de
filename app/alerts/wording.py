"""What a push says, in the language of the person who gets it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.alerts.changes import AuthorsChanges, ListNews
from app.lists.history.summaries import in_short
from app.ui.languages import gettext as _
from app.ui.languages import ngettext
from app.ui.paths import NOTIFICATIONS, list_path

MOST_NAMED: Final = 3
MOST_LINES: Final = 4
LONGEST_BODY: Final = 2_500
"""In bytes, which is at least two lines. A push service need not take more than 4,096 for all of an encrypted message
(RFC 8030 section 7.2)."""


def push_message(news: ListNews, household_ref: str, base: str, *, without_text: bool) -> Mapping[str, Any]:
    """Return what the browser shows: a title, a text, and where it leads. With `without_text` it has nothing that
    anybody typed."""
    url = base + list_path(household_ref, news.list.ref)
    if without_text:
        return {"title": _("Shopping list"), "body": _("Something changed on one of your lists."), "url": url}
    lines = [_line(each) for each in news.by[:MOST_LINES]]
    while len("\n".join(lines).encode()) > LONGEST_BODY:
        lines.pop()
    if len(news.by) > len(lines):
        lines.append(_("… and others"))
    return {"title": in_short(news.list.name), "body": "\n".join(lines), "url": url}


def trial_message(base: str) -> Mapping[str, Any]:
    """Return what a push says that only tries the way."""
    return {"title": _("Shopping list"), "body": _("Notifications arrive here."), "url": f"{base}{NOTIFICATIONS}"}


def _line(by: AuthorsChanges) -> str:
    """Return `Anna added milk, flour and 3 more`, or what else they did."""
    who = _("Somebody") if by.name is None else in_short(by.name)
    if not by.added:
        changes = ngettext("%(number)s change", "%(number)s changes", by.changed, number=by.changed)
        return _("%(who)s: %(changes)s", who=who, changes=changes)
    return _("%(who)s added %(what)s", who=who, what=listed(by.names, by.added))


def listed(names: Sequence[str], number: int) -> str:
    """Return `milk`, `milk and flour`, or `milk, flour and 3 more` for that number of names, not all of which need be
    known."""
    shown = list(names[:MOST_NAMED])
    if number > len(shown):
        shown = shown[: MOST_NAMED - 1] if len(shown) == MOST_NAMED else shown
        rest = number - len(shown)
        return _("%(names)s and %(number)s more", names=", ".join(shown), number=rest)
    if len(shown) == 1:
        return shown[0]
    return _("%(names)s and %(last)s", names=", ".join(shown[:-1]), last=shown[-1])
