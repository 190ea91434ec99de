"""docs/limits.md, written from the limits in the code."""

from datetime import timedelta
from typing import Final

from jinja2 import Environment, StrictUndefined

from app.limits import defaults
from app.limits.concurrency import ConcurrencyLimit
from app.limits.rate_limit import Key, RateLimit
from app.lists.apply_plan import LINES_PER_PLAN
from app.lists.importing.models import LONGEST_DATA, MOST_ROWS
from app.lists.models import (
    ITEMS_PER_CALL,
    ITEMS_PER_LIST,
    LINES_LOOKED_AT,
    LINES_PER_CALL,
    LINES_PER_NAME,
    LISTS_PER_HOUSEHOLD,
)
from app.mcp.elicitation import MOST_QUESTIONS
from app.mcp.resources.spec import LARGEST
from app.mcp.subscriptions import STREAMS, STREAMS_PER_GRANT, STREAMS_PER_PERSON, URIS_PER_STREAM
from app.mcp.tools.export_list import LONGEST
from app.oauth.authorize.endpoint import MOST_OPEN
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.recipes.models import (
    CHARACTERS_PER_RECIPE,
    LINES_PER_RECIPE,
    MOST_SERVINGS,
    PLANNED_MEALS,
    PLANNED_PER_CALL,
    RECIPES_PER_HOUSEHOLD,
    STEPS_LENGTH,
)
from app.recipes.pasted import LONGEST_TEXT
from app.runtime import http_protocol
from app.runtime.mailer import LONGEST_QUEUE
from app.web.lists import streams
from tests.documents import ROOT

PAGE: Final = ROOT / "docs" / "limits.md"

_KEYS: Final[dict[tuple[Key, ...], str]] = {
    (Key.NETWORK, Key.CLIENT): "client at a network",
    (Key.NETWORK, Key.HOST): "network at a host",
    (Key.NETWORK, Key.KIND): "network",
    (Key.GRANT, Key.KIND): "grant",
    (Key.PERSON, Key.KIND): "person",
    (Key.KIND,): "all together",
}

_QUOTAS: Final = [
    ("lists of a household", LISTS_PER_HOUSEHOLD),
    ("items on a list", ITEMS_PER_LIST),
    ("open lines of one name on a list", LINES_PER_NAME),
    ("items in one call", ITEMS_PER_CALL),
    ("lines of one name, open or bought, that a call looks at; those bought last come first", LINES_LOOKED_AT),
    ("lines with the names of one call", LINES_PER_CALL),
    ("characters of an export", LONGEST),
    ("characters of a resource, and of a list that a prompt attaches", LARGEST),
    ("items that a filter may fit in one call", ITEMS_PER_LIST),
    ("rows in one import", MOST_ROWS),
    ("characters of an import", LONGEST_DATA),
    ("recipes of a household", RECIPES_PER_HOUSEHOLD),
    ("items of a recipe", LINES_PER_RECIPE),
    ("characters of all items of a recipe", CHARACTERS_PER_RECIPE),
    ("characters of the steps of a recipe", STEPS_LENGTH),
    ("servings of a recipe", MOST_SERVINGS),
    ("characters of a recipe that is pasted", LONGEST_TEXT),
    ("planned meals of a household", PLANNED_MEALS),
    ("meals that one call plans, or puts on a list", PLANNED_PER_CALL),
    ("items of all planned recipes that one call puts on a list", LINES_PER_PLAN),
    ("questions in one form; with more, the answer has the candidates", MOST_QUESTIONS),
    ("connections of a person: approvals and API keys together", MOST_CONNECTIONS),
    ("authorization requests that wait in one browser; with one more, the oldest is closed", MOST_OPEN),
    ("open streams of a grant, in each process", STREAMS_PER_GRANT),
    ("open streams of a person with all grants, in each process", STREAMS_PER_PERSON),
    ("open streams in a process; with one more, one of the person who has most ends", STREAMS),
    ("resources that one stream follows", URIS_PER_STREAM),
    ("open pages of a person that follow a list, in each process", streams.STREAMS_PER_PERSON),
    (
        "open pages that follow a list, in a process; with one more, one of who has most stops following",
        streams.STREAMS,
    ),
    ("e-mails that wait to be sent, in each process", LONGEST_QUEUE),
    ("bytes of the head of a request; above it: 431", http_protocol.LARGEST_HEAD),
    ("headers of a request; above it: 431", http_protocol.MOST_HEADERS),
    ("bytes of the address of a request; above it: 414", http_protocol.LONGEST_URL),
    (
        "seconds until a head is complete (else 408), that a connection is silent, or that the rest of a body is taken "
        "which was answered already",
        http_protocol.HEAD_SECONDS,
    ),
    ("seconds that the body of a request takes to arrive; above it: 408 or 400", defaults.BODY_SECONDS),
    ("seconds that a form with a file takes to arrive; above it: 400", defaults.UPLOAD_SECONDS),
    ("seconds that a client reads nothing of its answer", http_protocol.STALLED_SECONDS),
    ("requests that wait on a connection for an answer to an earlier one", http_protocol.MOST_PIPELINED),
    (
        "open connections in each process, fewer where the system allows fewer descriptors; above it: 503",
        http_protocol.CONNECTIONS,
    ),
]

_TEMPLATE: Final = """\
# Limits

`make docs` writes this page from `app/limits/defaults.py` and the quotas beside the code that they bound.

## Rate limits

What is above a limit is answered with 429 and `Retry-After`, unless the table says something else.
`LIMITS=off` turns off this table, except for rows of refusals, and the [login throttle](#login-throttle).

| name | at most | of each | counts in | what it counts | what is said above it |
|---|---|---|---|---|---|
{% for each in rate_limits -%}
| {{ each.name }} | {{ "{:,}".format(each.per.amount) }} a {{ each.per.GRANULARITY.name }} | {{ each | key }} \
| {{ "`RATE_LIMIT_STORAGE_URL`" if each.shared else "each process" }} | {{ each.protects }} | {{ each.message }} |
{% endfor %}
- **Networks.** An IPv4 address is one. An IPv6 address counts with its /64, and all in a /48 have four times as much
  together, because many have a /56 or a /48 to themselves. In a /48 above its limit nothing is counted for each /64.
- **Memory.** In a process, each limit remembers 20,000 keys. When they are more, those whose period has ended are
  forgotten first, then the oldest: made-up keys push out nothing that another limit counts.
- **Calls, tokens and questions about tokens** are counted in each process, in a minute that begins with the first
  event. Each call of a batch counts. A grant is one person's approval of one app, an API key, or a service account.
- **Sign-ins** are all tries of forms that make accounts, take a password or send an e-mail, and each turn to
  `OIDC_LOGIN_ISSUER`.
- **Documents and key sets** that were valid before count by themselves, so that others at their host, or in the same
  network, don't keep them from being fetched again. Once a fetch of one fails, it counts for the network that asks as
  well, until one succeeds. Above a limit the host is not asked; [clients.md](clients.md) says what that means for the
  app. A key set that can't be had is a failed request of its client.
- **Failures of a client** keep out nothing that is valid: above that limit a request is looked at all the same, and
  answered with 429 only if it fails. The limit of the network also counts tokens at `/oauth/revoke` that nobody knows.
  [15](decisions/0015-limits-of-calls.md) says why.
- **Access tokens** are always checked. Above the limit for unknown API keys, keys that this process has not seen before
  are not looked up for that network, valid ones neither; those that were seen pass.
- **Clients of other issuers** count among the connections of a person below, but only their issuer limits their number.

## Login throttle

Attempts are counted in the database, by account (also by one that does not exist) and by network; e-mails by address
and purpose, and by network too. After the free ones, each waits twice as long as the one before it: "Too many attempts.
Try again in ...". [accounts.md](accounts.md#guessing) says more.

| counted by | free | then a wait of | up to | one is forgiven each |
|---|---|---|---|---|
{% for name, each in throttle -%}
| {{ name }} | {{ each.free }} | {{ each.first | time }} | {{ each.longest | time }} | {{ each.forgiven | time }} |
{% endfor %}
## Concurrency limits

How many at once, in each process. Who waits longer is answered with 503 or, for a fetch on behalf of others, with 429;
in a tool call, with the error `unavailable` and `retry_after`.

| name | at once | of each | waits at most | what it bounds |
|---|---|---|---|---|
{% for each in concurrency_limits -%}
| {{ each.name }} | {{ "{:,}".format(each.at_once) }} | {{ each | key }} | {{ each.seconds | seconds }} \
| {{ each.protects }} |
{% endfor %}
## Quotas

| what | at most |
|---|---|
{% for what, most in quotas -%}
| {{ what }} | {{ "{:,}".format(most) }} |
{% endfor -%}
"""


def render_page() -> str:
    """Return the page's text."""
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    environment.filters.update(key=_key, time=_time, seconds=_seconds)
    return environment.from_string(_TEMPLATE).render(
        rate_limits=defaults.RATE_LIMITS,
        concurrency_limits=defaults.CONCURRENCY_LIMITS,
        throttle=[
            ("account", defaults.ACCOUNT_ATTEMPTS),
            ("network", defaults.NETWORK_ATTEMPTS),
            ("e-mail address and purpose", defaults.EMAILS_TO_ADDRESS),
        ],
        quotas=_QUOTAS,
    )


def _key(limit: RateLimit | ConcurrencyLimit) -> str:
    if isinstance(limit, ConcurrencyLimit):
        return "all together" if limit.key is None else str(limit.key)
    return _KEYS.get(limit.key) or str(limit.key[0])


def _time(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % unit == 0:
            return f"{seconds // unit} {name}{'' if seconds == unit else 's'}"
    raise ValueError(duration)


def _seconds(seconds: float | None) -> str:
    return "as long as it takes" if seconds is None else f"{seconds:g} s"
