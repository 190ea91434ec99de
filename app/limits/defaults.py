"""The limits of the service: every number in one place. docs/limits.md shows these tables."""

from datetime import timedelta
from typing import Final

from limits import RateLimitItemPerMinute as PerMinute

from app.errors import gettext_noop
from app.limits.backoff import Backoff
from app.limits.concurrency import ConcurrencyLimit
from app.limits.rate_limit import Key, RateLimit

# Rate limits in RATE_LIMIT_STORAGE_URL.

REGISTRATIONS: Final = RateLimit(
    "registrations",
    PerMinute(60),
    (Key.NETWORK,),
    "Registrations of clients (RFC 7591).",
    "Too many registrations from this address.",
)
AUTHORIZATIONS: Final = RateLimit(
    "authorizations",
    PerMinute(120),
    (Key.NETWORK,),
    "Authorization requests, each of which leaves a row.",
    gettext_noop("Too many requests from your network. Try again {wait}."),
)
SIGN_INS: Final = RateLimit(
    "sign-ins",
    PerMinute(30),
    (Key.NETWORK,),
    "Sign-ins of every kind, sign-ups, and whatever else asks for a password or sends an e-mail.",
    gettext_noop("Too many attempts from your network. Try again {wait}."),
)
PASSKEY_CHALLENGES: Final = RateLimit(
    "passkey-challenges",
    PerMinute(120),
    (Key.NETWORK,),
    "What browsers are asked to sign with a passkey, each of which leaves a row for ten minutes.",
    gettext_noop("Too many attempts from your network. Try again {wait}."),
)

_FAILURES: Final = "Too many failed requests of this client or address."

CLIENT_FAILURES: Final = RateLimit(
    "failures-of-client",
    PerMinute(120),
    (Key.NETWORK, Key.CLIENT),
    "Failed requests for tokens, revocation and introspection. Above it, requests are still looked at, and those that "
    "fail get this answer.",
    _FAILURES,
)
FAILURES: Final = RateLimit(
    "failures",
    PerMinute(3_000),
    (Key.NETWORK,),
    "Failed requests of all clients. Above it, no request from there is looked at: 50 failures a second are an attack "
    "and cost about a fifth of a process.",
    _FAILURES,
)
UNKNOWN_KEYS: Final = RateLimit(
    "unknown-keys",
    PerMinute(600),
    (Key.NETWORK,),
    "API keys that nobody has. Above it, API keys that this process has not seen before are not looked up.",
    "Too many unknown API keys from this address. Try again {wait}.",
)

UNKNOWN_GUEST_LINKS: Final = RateLimit(
    "unknown-guest-links",
    PerMinute(60),
    (Key.NETWORK,),
    "Pages of guests' links that nobody has. A link that works is shown whatever else comes from there.",
    gettext_noop("Too many links from your network that don't work. Try again {wait}."),
)

_DOCUMENTS: Final = "Too many apps of this site, or from your network, are being connected. Try again soon."

DOCUMENTS_OF_HOST: Final = RateLimit(
    "documents",
    PerMinute(600),
    (Key.HOST,),
    "Fetches of client metadata documents that are new. Only for people who have signed in, so there can be far more "
    "than of key sets.",
    _DOCUMENTS,
)
DOCUMENTS_OF_URL: Final = RateLimit(
    "documents-of-url",
    PerMinute(600),
    (Key.URL,),
    "Fetches of a document that was valid before. Others at its host use up nothing of it.",
    _DOCUMENTS,
)
DOCUMENTS_FOR_NETWORK: Final = RateLimit(
    "documents-for",
    PerMinute(30),
    (Key.NETWORK,),
    "Fetches of documents that are new, or failed last time, on behalf of a network.",
    _DOCUMENTS,
)
DOCUMENTS_FOR_NETWORK_AT_HOST: Final = RateLimit(
    "documents-at-host-for",
    PerMinute(10),
    (Key.NETWORK, Key.HOST),
    "Of these, fetches from one host.",
    _DOCUMENTS,
)
DOCUMENTS_FOR_PERSON: Final = RateLimit(
    "documents-of-person",
    PerMinute(10),
    (Key.PERSON,),
    "Fetches of documents that are new, on behalf of a person.",
    _DOCUMENTS,
)

_KEY_SETS: Final = "Too many key sets are being fetched. Try again soon."

KEY_SETS_OF_HOST: Final = RateLimit(
    "key-sets", PerMinute(60), (Key.HOST,), "Fetches of clients' keys that are new.", _KEY_SETS
)
KEY_SETS_OF_URL: Final = RateLimit(
    "key-sets-of-url", PerMinute(60), (Key.URL,), "Fetches of keys that were valid before.", _KEY_SETS
)
KEY_SETS_FOR_NETWORK: Final = RateLimit(
    "key-sets-for",
    PerMinute(30),
    (Key.NETWORK,),
    "Fetches of keys that are new, or failed last time, on behalf of a network.",
    _KEY_SETS,
)

# Rate limits that each process counts by itself.

CALLS: Final = RateLimit(
    "calls",
    PerMinute(600),
    (Key.GRANT,),
    "Calls at the MCP endpoints, each call of a batch.",
    "Too many calls from this connection. Try again {wait}.",
    shared=False,
)
CALLS_OF_PERSON: Final = RateLimit(
    "calls-of-person",
    PerMinute(2_400),
    (Key.PERSON,),
    "Calls with all grants of a person together.",
    "Too many calls from your apps together. Try again {wait}.",
    shared=False,
)
HOUSEHOLD_FORMS: Final = RateLimit(
    "household-forms",
    PerMinute(60),
    (Key.PERSON,),
    "Forms of the page of households, each of which leaves a row in the audit record.",
    gettext_noop("Too many changes at once. Try again {wait}."),
    shared=False,
)
ACCESS_FORMS: Final = RateLimit(
    "access-forms",
    PerMinute(60),
    (Key.PERSON,),
    "Forms of the pages of access and of passkeys, each of which leaves a row in the audit record.",
    gettext_noop("Too many changes at once. Try again {wait}."),
    shared=False,
)
ALERT_FORMS: Final = RateLimit(
    "notification-forms",
    PerMinute(60),
    (Key.PERSON,),
    "Forms of the page of notifications.",
    gettext_noop("Too many changes at once. Try again {wait}."),
    shared=False,
)
PUSH_TRIALS: Final = RateLimit(
    "push-trials",
    PerMinute(3),
    (Key.PERSON,),
    "Pushes that somebody has sent to their own browsers to try them.",
    gettext_noop("Too many changes at once. Try again {wait}."),
    shared=False,
)
LIST_PAGES: Final = RateLimit(
    "list-pages",
    PerMinute(600),
    (Key.PERSON,),
    "Pages of lists and parts of them, which an open page reads again after each change.",
    "Too many pages at once. Try again {wait}.",
    shared=False,
)
LIST_FORMS: Final = RateLimit(
    "list-forms",
    PerMinute(300),
    (Key.PERSON,),
    "Forms of the pages of lists: each tick is one.",
    "Too many changes at once. Try again {wait}.",
    shared=False,
)
HOUSEHOLD_ARCHIVES: Final = RateLimit(
    "household-archives",
    PerMinute(10),
    (Key.PERSON,),
    "Exports of whole households, and new ones made of such an export.",
    gettext_noop("Too many exports and imports at once. Try again {wait}."),
    shared=False,
)

PAGES_FOR_PERSON: Final = RateLimit(
    "pages-for-person",
    PerMinute(10),
    (Key.PERSON,),
    "Web pages whose recipe a person has read (`RECIPE_IMPORT`).",
    "Too many recipes from web pages. Try again {wait}.",
)
PAGES_OF_HOST: Final = RateLimit(
    "pages-of-host",
    PerMinute(60),
    (Key.HOST,),
    "Web pages of one host, for everybody.",
    "This site was asked for too many pages. Try again {wait}.",
)
GUEST_PAGES: Final = RateLimit(
    "guest-pages",
    PerMinute(120),
    (Key.PERSON,),
    "Pages and forms of one guest's link, which several people may have.",
    gettext_noop("This link is used too much at once. Try again {wait}."),
    shared=False,
)

_TOKENS: Final = "Too many tokens at once. Try again {wait}."

TOKENS: Final = RateLimit(
    "tokens",
    PerMinute(120),
    (Key.GRANT,),
    "Refreshed tokens. Hosts refresh in bursts, one for each of their processes.",
    _TOKENS,
    shared=False,
)
TOKENS_OF_PERSON: Final = RateLimit(
    "tokens-of-person",
    PerMinute(600),
    (Key.PERSON,),
    "Tokens refreshed with all grants of a person together.",
    _TOKENS,
    shared=False,
)
TOKENS_OF_SERVICE_ACCOUNT: Final = RateLimit(
    "tokens-of-service-account", PerMinute(120), (Key.CLIENT,), "Tokens of a service account.", _TOKENS, shared=False
)
INTROSPECTIONS: Final = RateLimit(
    "introspections",
    PerMinute(600),
    (Key.CLIENT,),
    "Questions of a resource server about tokens (RFC 7662).",
    "Too many questions about tokens. Try again {wait}.",
    shared=False,
)

_REFUSALS: Final = "Refusals with a row of their own in the audit record. Above it, they share one that counts them."

RECORDED_REFUSALS: Final = RateLimit("refusals", PerMinute(300), (Key.KIND,), _REFUSALS, shared=False)
RECORDED_REFUSALS_OF_NETWORK: Final = RateLimit(
    "refusals-of-network", PerMinute(10), (Key.NETWORK, Key.KIND), _REFUSALS, shared=False
)
RECORDED_REFUSALS_OF_GRANT: Final = RateLimit(
    "refusals-of-grant", PerMinute(10), (Key.GRANT, Key.KIND), _REFUSALS, shared=False
)
RECORDED_REFUSALS_OF_PERSON: Final = RateLimit(
    "refusals-of-person", PerMinute(10), (Key.PERSON, Key.KIND), _REFUSALS, shared=False
)

RATE_LIMITS: Final = [each for each in list(globals().values()) if isinstance(each, RateLimit)]

# The login throttle, which counts in the database.

ACCOUNT_ATTEMPTS: Final = Backoff(
    free=5, first=timedelta(seconds=1), longest=timedelta(minutes=15), forgiven=timedelta(minutes=30)
)
NETWORK_ATTEMPTS: Final = Backoff(
    free=30, first=timedelta(seconds=1), longest=timedelta(minutes=5), forgiven=timedelta(minutes=1)
)
"""Many people may share a network, so they wait for minutes at most."""

EMAILS_TO_ADDRESS: Final = Backoff(
    free=3, first=timedelta(minutes=1), longest=timedelta(hours=1), forgiven=timedelta(minutes=30)
)

# Concurrency limits, each in one process.

WRITERS: Final = ConcurrencyLimit(
    "writers",
    1,
    Key.HOUSEHOLD,
    10,
    "Transactions that write. Others wait without a connection, which leaves connections to other households; and a "
    "change that goes in one message is not overtaken by another one of this process.",
)
WAITING_WRITERS: Final = ConcurrencyLimit(
    "waiting-writers", 100, Key.HOUSEHOLD, 0, "Writers that wait for another one. One more is told to retry later."
)
CONNECTIONS: Final = ConcurrencyLimit(
    "connections",
    5,
    Key.HOUSEHOLD,
    5,
    "Database connections in use for a household, of the ten that a process has: the others are for other households.",
)
CALLS_AT_ONCE: Final = ConcurrencyLimit(
    "calls-at-once",
    2_000,
    None,
    0,
    "Requests at the MCP endpoints that are being served, open streams among them: each may hold a body in memory.",
)
IMPORTS: Final = ConcurrencyLimit(
    "imports", 1, None, 20, "Imports being parsed, in a thread: a megabyte takes a second or two and 100 MiB."
)
IMPORTS_OF_PERSON: Final = ConcurrencyLimit(
    "imports-of-person",
    1,
    Key.PERSON,
    20,
    "Imports of a person being read; others of theirs wait behind it, so that they delay nobody else.",
)
IMPORT_QUEUE_OF_PERSON: Final = ConcurrencyLimit(
    "import-queue-of-person", 3, Key.PERSON, 0, "Imports of a person being read or waiting for it."
)
IMPORT_QUEUE: Final = ConcurrencyLimit(
    "import-queue", 20, None, 0, "People whose imports are being read or wait for it. One more is told to retry later."
)
HOUSEHOLD_IMPORTS: Final = ConcurrencyLimit(
    "household-imports", 1, None, 20, "Archives of households being read, which take memory and a connection each."
)
HOUSEHOLD_EXPORTS: Final = ConcurrencyLimit(
    "household-exports", 1, None, 20, "Archives of households being written, which take time and a connection each."
)
PASSWORD_HASHES: Final = ConcurrencyLimit(
    "password-hashes", 2, None, None, "Passwords being hashed: each takes 19 MiB of memory."
)
PASSWORD_QUEUE: Final = ConcurrencyLimit("password-queue", 34, None, 0, "Passwords being hashed or waiting for it.")
PASSWORDS_OF_NETWORK: Final = ConcurrencyLimit(
    "passwords-of-network",
    6,
    Key.NETWORK,
    0,
    "Of these, passwords from one network. Some take long to measure, and must not fill the queue.",
)

IMPORTED_LISTS: Final = 1_000
"""Lists in the archive of a household: five times as many as it may have, because it may have deleted some."""

BODY_SECONDS: Final = 30
"""How long the body of a request may take to arrive."""

UPLOAD_SECONDS: Final = 120
"""How long a form with a file may take to arrive."""

FETCH_SECONDS: Final = 5
PATIENCE: Final = 0.25
"""The part of its time that a stranger's fetch waits for a look-up, and again for a place."""

_STRANGERS: Final = "addresses that strangers choose; as many again for people who have signed in"
_WAIT: Final = FETCH_SECONDS * PATIENCE

OWN_FETCHES: Final = ConcurrencyLimit("own-fetches", 16, None, FETCH_SECONDS, "Fetches from addresses in the settings.")
OWN_LOOK_UPS: Final = ConcurrencyLimit(
    "own-look-ups", 4, None, FETCH_SECONDS, "Look-ups of the names in the settings, each in a thread."
)
FETCHES: Final = ConcurrencyLimit("fetches", 64, None, _WAIT, f"Fetches from {_STRANGERS}.")
FETCHES_OF_HOST: Final = ConcurrencyLimit("fetches-of-host", 4, Key.HOST, _WAIT, "Of these, fetches from one host.")
FETCHES_OF_NETWORK: Final = ConcurrencyLimit(
    "fetches-of-network", 12, Key.NETWORK, _WAIT, "Of these, fetches on behalf of one network."
)
LOOK_UPS: Final = ConcurrencyLimit("look-ups", 32, None, _WAIT, f"Look-ups of names for {_STRANGERS}.")
LOOK_UPS_OF_NETWORK: Final = ConcurrencyLimit(
    "look-ups-of-network", 6, Key.NETWORK, _WAIT, "Of these, look-ups on behalf of one network."
)

PAGE_FETCHES: Final = ConcurrencyLimit(
    "page-fetches", 4, None, _WAIT, "Fetches of web pages with recipes, each of up to 2 MiB."
)
PAGE_FETCHES_OF_HOST: Final = ConcurrencyLimit(
    "page-fetches-of-host", 2, Key.HOST, _WAIT, "Of these, fetches from one host."
)
PAGE_FETCHES_OF_NETWORK: Final = ConcurrencyLimit(
    "page-fetches-of-network", 2, Key.NETWORK, _WAIT, "Of these, fetches on behalf of one network."
)
PAGE_LOOK_UPS: Final = ConcurrencyLimit("page-look-ups", 8, None, _WAIT, "Look-ups of names for web pages.")
PAGE_LOOK_UPS_OF_NETWORK: Final = ConcurrencyLimit(
    "page-look-ups-of-network", 4, Key.NETWORK, _WAIT, "Of these, look-ups on behalf of one network."
)
PUSHES: Final = ConcurrencyLimit("pushes", 16, None, _WAIT, "Pushes being sent to the addresses that browsers named.")
PUSHES_OF_HOST: Final = ConcurrencyLimit("pushes-of-host", 8, Key.HOST, _WAIT, "Of these, pushes to one push service.")
PUSH_LOOK_UPS: Final = ConcurrencyLimit("push-look-ups", 8, None, _WAIT, "Look-ups of the names of push services.")
PAGES_READ: Final = ConcurrencyLimit(
    "pages-read", 2, None, 10, "Web pages whose recipe is being read, each in a process of its own."
)

CONCURRENCY_LIMITS: Final = [each for each in list(globals().values()) if isinstance(each, ConcurrencyLimit)]
