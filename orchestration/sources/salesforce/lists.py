"""Small lists that come whole each night: stages, statuses, roles, queues, record types, rates."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.sources.crm.errors import NotOffered, NotPermitted
from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.salesforce.account import Refusal, SalesforceAccount
from orchestration.sources.salesforce.queries import Queried, pages, with_reasons

# What stands for a record type where a record has none.
MASTER_RECORD_TYPE = "012000000000000AAA"
SINGLE_CURRENCY = "this org has one currency only"

CURRENCY_TYPES = Queried(
    "CurrencyType", "", ("IsoCode", "IsCorporate", "ConversionRate"), False, SINGLE_CURRENCY
)
CONVERSION_RATES = Queried(
    "DatedConversionRate",
    "",
    ("IsoCode", "StartDate", "ConversionRate"),
    False,
    "this org has no dated exchange rates (advanced currency management is off)",
)
USER_ROLES = Queried("UserRole", "", ("Id", "Name"), False)
QUEUES = Queried("Group", "", ("Id", "Name", "Type"), False)
RECORD_TYPES = Queried("RecordType", "", ("Id", "Name", "SobjectType", "IsActive"), False)
OPPORTUNITY_STAGES = Queried(
    "OpportunityStage", "", ("Id", "ApiName", "IsClosed", "IsWon", "SortOrder"), False
)
LEAD_STATUSES = Queried("LeadStatus", "", ("Id", "ApiName", "IsConverted", "SortOrder"), False)

_RECORD_TYPES_OF_DEALS = " WHERE SobjectType = 'Opportunity'"
WHERE = {"Group": " WHERE Type = 'Queue'", "RecordType": _RECORD_TYPES_OF_DEALS}


def lister(item: Queried) -> Callable[[Pull], None]:
    """Return the extraction of a whole list."""
    soql = f"SELECT FIELDS(STANDARD) FROM {item.sobject}{WHERE.get(item.sobject, '')} ORDER BY Id"

    def pull(pull: Pull) -> None:
        def ask() -> None:
            for page in pages(pull.account, "query", soql):
                pull.delivery.add(page.records, page.origin, ("Id",))

        with_reasons(item, ask)

    return pull


def pull_pipeline_stages(pull: Pull) -> None:
    """Land the stages that each record type of opportunities offers, one record a stage.

    The place in the list is part of what a version is: a new order is a change of each stage.
    """
    account: SalesforceAccount = pull.account
    pull.delivery.versions_by("payload || '#' || line::VARCHAR")
    record_types = [MASTER_RECORD_TYPE]
    try:
        for page in pages(
            account, "query", f"SELECT Id FROM RecordType{_RECORD_TYPES_OF_DEALS} ORDER BY Id"
        ):
            record_types += [id_ for record in page.records if (id_ := text_at(record, ("Id",)))]
        for record_type in record_types:
            _stages_of(account, pull, record_type)
    except Refusal as refusal:
        if refusal.code in ("API_DISABLED_FOR_ORG", "UNSUPPORTED_API_VERSION"):
            raise NotOffered(f"this org has no User Interface API ({refusal})") from refusal
        raise NotPermitted(
            f"this login may not read the stages of record types ({refusal}); grant Read on "
            "Opportunity and on its field Stage, and assign the record types to the integration "
            "user. Until then every pipeline has all stages of the org"
        ) from refusal


def pull_tracked_fields(pull: Pull) -> None:
    """Land which fields have their changes tracked: what has no entry there did not change."""

    def key(record: bytes) -> str | None:
        sobject = text_at(record, ("EntityDefinition", "QualifiedApiName"))
        name = text_at(record, ("QualifiedApiName",))
        return None if sobject is None or name is None else f"{sobject}|{name}"

    try:
        for sobject in ("Opportunity", "Lead"):
            for page in pages(pull.account, "query", tracked_fields_of(sobject)):
                pull.delivery.add(page.records, page.origin, key)
    except Refusal as refusal:
        raise NotOffered(
            f"which fields are tracked can't be read ({refusal}); grant View Setup and "
            "Configuration. Until then an owner counts as known only from the nights that saw it"
        ) from refusal


def tracked_fields_of(sobject: str) -> str:
    """Return the query for an object's fields whose changes are tracked."""
    return (
        "SELECT QualifiedApiName, EntityDefinition.QualifiedApiName, IsFieldHistoryTracked"
        f" FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = '{sobject}'"
        " AND IsFieldHistoryTracked = true"
    )


def _stages_of(account: SalesforceAccount, pull: Pull, record_type: str) -> None:
    account.afford()
    response = account.get(
        f"/ui-api/object-info/Opportunity/picklist-values/{record_type}/StageName"
    )

    def key(record: bytes) -> str | None:
        stage = text_at(record, ("value",))
        return None if stage is None else f"{record_type}|{stage}"

    pull.delivery.add(slices(response.content, ("values",)), origin_of(response), key)
