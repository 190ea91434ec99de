"""A whole household as an archive: handing it out, and making a new one of it."""

import tempfile
from collections.abc import AsyncGenerator
from typing import IO, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import new_id
from app.db.transactions import open_transaction
from app.errors import AppError, Invalid
from app.households.tenant import open_tenant
from app.limits.defaults import HOUSEHOLD_ARCHIVES
from app.lists.transfer.archive import LONGEST_ARCHIVE
from app.lists.transfer.export_household import write_household
from app.lists.transfer.import_household import import_household
from app.people.models import Person
from app.ui.page_kit import SubmittedForm
from app.ui.paths import HOUSEHOLD
from app.ui.uploads import uploaded
from app.web.context import WebContext
from app.web.household.forms import answer_form, find_actor, require_person
from app.web.household.page import WHICH, household_page

EXPORT: Final = "/household/export"
IMPORT: Final = "/household/import"
ARCHIVE: Final = "archive"
"""The field with the file."""

_FORM_BYTES: Final = 16 * 1024
"""Room for the other fields."""

_IN_MEMORY: Final = 1024 * 1024
"""Bytes; a larger archive is kept on the disk while it is handed out."""

_PIECE: Final = 64 * 1024


async def post_export(web: WebContext, request: Request) -> Response:
    """POST /household/export: the archive of a household, for each of its members."""

    async def export(form: SubmittedForm, person: Person) -> Response:
        household_id = UUID(form.fields.one(WHICH))  # the CSRF token covers it: we wrote it
        file, name = await _archive_of(web, person, household_id)
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.zip"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)

    return await answer_form(web, request, EXPORT, HOUSEHOLD_ARCHIVES, export)


async def _archive_of(web: WebContext, person: Person, household_id: UUID) -> tuple[IO[bytes], str]:
    """Return the archive of a household, open at its beginning, and the household's ref."""
    actor = await find_actor(web, person, household_id)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # open until it was sent
    try:
        async with open_tenant(web.kit.engine, actor, None, write=False) as tenant:
            await write_household(tenant, file)
            now = web.kit.clock()
            entry = AuditEntry(action=Action.HOUSEHOLD_EXPORTED, at=now, person_id=person.id, household_id=household_id)
            await record(tenant.connection, entry)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, actor.memberships[0].ref


async def _pieces(file: IO[bytes]) -> AsyncGenerator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


async def post_import(web: WebContext, request: Request) -> Response:
    """POST /household/import: a new household of an archive, for whoever is signed in."""
    session = await web.kit.read_session(request)
    if session.person is None:  # before a file of a stranger is read
        return web.account_pages.out_of_date()
    await web.limiter.check(HOUSEHOLD_ARCHIVES, session.person.id)
    async with uploaded(request, ARCHIVE, LONGEST_ARCHIVE + _FORM_BYTES) as (fields, file):
        form = await web.kit.proven_form(request, fields, IMPORT)
        person = form.session.person if form else None
        if form is None or person is None:
            return web.account_pages.out_of_date()
        try:
            if file is None:
                raise Invalid("Choose the file of an export.", field=ARCHIVE)
            household_id, now = new_id(), web.kit.clock()
            async with open_transaction(web.kit.engine, household_id) as opened:
                await require_person(opened.connection, form, now)
                await import_household(opened, household_id, file, person, now)
        except AppError as error:
            return await household_page(web, form.session, person, error, error_in=IMPORT)
    return web.kit.see_other(HOUSEHOLD)
