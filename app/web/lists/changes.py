"""Making the change that a form asks for: by somebody who may, once however often the form is sent, and on record."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request

from app.audit.models import Action
from app.errors import AppError, Invalid, NotFound
from app.households.tenant import Tenant
from app.lists.history import repository as history
from app.lists.history.repository import KeptAnswer
from app.lists.models import Changed, ShoppingList, event_number
from app.lists.resolve_list import find_by_ref
from app.ui.forms import Fields
from app.web.context import WebContext
from app.web.lists.said import DONE, Done, done_by
from app.web.lists.visit import NO_LIST, PAGE, Visit, prove_again

KEY: Final = "key"
"""The field with a form's idempotency key: a form that is sent again with it does nothing more."""

LONGEST_KEY: Final = 100

_NOT_ASKED_FOR: Final = frozenset({"form_token", "back"})
"""Fields that make no difference to what is done."""

Act = Callable[[Tenant], Awaitable[Changed | Done]]
"""Does what a form asks for, by a use case; some of them say themselves what was done."""


async def make_change(web: WebContext, request: Request, visit: Visit, fields: Fields, kind: str, act: Act) -> Done:
    """Make the change that a form asks for; `kind` is that of the event.

    Raises `RoleRefused` for viewers, and what `act` raises.
    """
    entry = web.audit_entry(
        request,
        Action.LIST_CHANGED,
        person_id=visit.person.id,
        client_id=PAGE,
        household_id=visit.membership.household_id,
        detail=kind,
    )
    try:
        done = await _make_change(web, visit, _once(visit, request, fields), kind, act)
    except AppError as error:
        web.audit.note(replace(entry, outcome=error.code))
        raise
    web.audit.note(replace(entry, touched=len(done.said)))
    return done


async def find_list(tenant: Tenant, ref: str) -> ShoppingList:
    """Return the list with exactly this ref. Raises `NotFound`."""
    found = await find_by_ref(tenant, ref)
    if found is None:
        raise NotFound(NO_LIST)
    return found


async def _make_change(web: WebContext, visit: Visit, key: str | None, kind: str, act: Act) -> Done:
    async with visit.household(web, write=True).open(write=True) as tenant:
        await prove_again(tenant.connection, web, visit)
        if key is not None and (kept := await history.kept_answer(tenant, key)) is not None:
            return DONE.validate_json(kept.answer)
        acted = await act(tenant)
        done = acted if isinstance(acted, Done) else done_by(acted)
        if key is not None:
            event_no = event_number(done.change or "") or await history.insert_event(tenant, kind)
            await history.keep_answer(tenant, event_no, key, KeptAnswer(key, DONE.dump_json(done).decode()))
        return done


def _once(visit: Visit, request: Request, fields: Fields) -> str | None:
    """Return what a form's key is kept as: a hash of it, of who sent it, and of all that was asked for.

    Browsers show pages from before again, so another text may come with the key of the one before: it is done as well.
    """
    given = fields.one(KEY)
    if not given:
        return None
    if len(given) > LONGEST_KEY:
        raise Invalid("The key has more than {most} characters.", values={"most": LONGEST_KEY}, field=KEY)
    asked = {name: fields.all(name) for name in sorted(fields.names() - _NOT_ASKED_FOR)}
    text = json.dumps([str(visit.person.id), request.url.path, asked])
    return hashlib.sha256(text.encode()).hexdigest()
