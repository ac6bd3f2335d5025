"""The short lists: business types, their stages, lead statuses, departments and users."""

from __future__ import annotations

from orchestration.sources.crm.errors import NotPermitted, UnexpectedAnswer
from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.neocrm.account import BUSINESS_TYPES, DESCRIPTION, STAGE_LIST
from orchestration.sources.neocrm.records import scroll

USER_FIELDS = "id, name, status, dimDepart, createdAt, updatedAt"
DEPARTMENT_FIELDS = "id, departName"


def pull_business_types(pull: Pull) -> None:
    """Pull every business type of opportunities."""
    answer = pull.account.get(BUSINESS_TYPES)
    pull.delivery.add(slices(answer.content, ("data", "records")), origin_of(answer))


def pull_stages(pull: Pull) -> None:
    """Pull the stages of each business type, with the type that was asked for.

    A stage's own record does not say which list it stands in, nor reliably where: so it is landed
    as it came inside ``stage``, with ``businessType`` and ``place`` beside it.
    """
    types = pull.account.get(BUSINESS_TYPES)
    for kind in slices(types.content, ("data", "records")):
        id_, key = text_at(kind, ("id",)), text_at(kind, ("apiKey",))
        answer = pull.account.ask(STAGE_LIST, "POST", json={"data": {"entityTypeApiKey": key}})
        for place, stage in enumerate(slices(answer.content, ("data",)), start=1):
            record = b'{"businessType":%s,"place":%d,"stage":%s}' % (
                (id_ or "null").encode(),
                place,
                stage,
            )
            pull.delivery.add([record], origin_of(answer), _stage_key)


def pull_lead_fields(pull: Pull) -> None:
    """Pull what is said of each field of leads."""
    answer = pull.account.get(DESCRIPTION.format("lead"))
    pull.delivery.add(slices(answer.content, ("data", "fields")), origin_of(answer), ("apiKey",))


def pull_users(pull: Pull) -> None:
    """Pull every user."""
    for page in scroll(pull, f"select {USER_FIELDS} from user"):
        pull.delivery.add(page.records, page.origin)


def pull_departments(pull: Pull) -> None:
    """Pull every department; owners have no team where they can't be read."""
    try:
        for page in scroll(pull, f"select {DEPARTMENT_FIELDS} from department"):
            pull.delivery.add(page.records, page.origin)
    except (NotPermitted, UnexpectedAnswer) as error:
        pull.progress(f"departments can't be read, so owners have no team: {error}")


def _stage_key(record: bytes) -> str | None:
    kind, stage = text_at(record, ("businessType",)), text_at(record, ("stage", "id"))
    return None if stage is None else f"{kind}|{stage}"
