"""The short lists: stages by business type, descriptions of fields, departments and users."""

from __future__ import annotations

from orchestration.sources.crm.errors import NotOffered, NotPermitted, UnexpectedAnswer
from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.neocrm.account import BUSINESS_TYPES, DESCRIPTION, STAGE_LIST, listed
from orchestration.sources.neocrm.records import NEEDED, query

USER_FIELDS = "id, name, status, dimDepart, createdAt, updatedAt"
DEPARTMENT_FIELDS = "id, departName"


def pull_stages(pull: Pull) -> None:
    """Pull the stages of each business type, with the type and their place.

    A stage's own record does not say which list it stands in, nor reliably where: so it is landed
    as it came inside ``stage``, with ``businessType`` as it came and ``place`` beside it.
    """
    count = 0
    for kind in listed(pull.account.get(BUSINESS_TYPES), "records"):
        asked = {"data": {"entityTypeApiKey": text_at(kind, ("apiKey",))}}
        answer = pull.account.ask(STAGE_LIST, "POST", json=asked)
        records = [
            b'{"businessType":%s,"place":%d,"stage":%s}' % (kind, place, stage)
            for place, stage in enumerate(listed(answer), start=1)
        ]
        count += pull.delivery.add(records, origin_of(answer), _stage_key)
    if not count:
        raise UnexpectedAnswer("no business type of opportunities has any stage")


def pull_fields(pull: Pull) -> None:
    """Pull what is said of each field, inside ``field``, with its ``object`` beside it."""
    for object_key in NEEDED:
        answer = pull.account.get(DESCRIPTION.format(object_key))
        fields = listed(answer, "fields")
        if not fields:
            raise UnexpectedAnswer(f"nothing is said of the fields of {object_key}")
        pull.delivery.add(
            (b'{"object":"%s","field":%s}' % (object_key.encode(), field) for field in fields),
            origin_of(answer),
            _field_key,
        )


def pull_users(pull: Pull) -> None:
    """Pull every user."""
    count = 0
    for page, _ in query(pull.account, USER_FIELDS, "user"):
        count += pull.delivery.add(page.records, page.origin)
    if not count:
        raise UnexpectedAnswer("there is no user, not even the one that asks")


def pull_departments(pull: Pull) -> None:
    """Pull every department; without the right to them owners just have no team."""
    try:
        for page, _ in query(pull.account, DEPARTMENT_FIELDS, "department"):
            pull.delivery.add(page.records, page.origin)
    except (NotPermitted, UnexpectedAnswer) as error:
        raise NotOffered(f"departments can't be read, so owners have no team: {error}") from None


def _stage_key(record: bytes) -> str | None:
    kind, stage = text_at(record, ("businessType", "id")), text_at(record, ("stage", "id"))
    return None if kind is None or stage is None else f"{kind}|{stage}"


def _field_key(record: bytes) -> str | None:
    name = text_at(record, ("field", "apiKey"))
    return None if name is None else f"{text_at(record, ('object',))}|{name}"
