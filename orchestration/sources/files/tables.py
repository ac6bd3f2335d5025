"""The seven tables a folder of exports may hold, and the columns each knows.

Here belong the column names, which of them a row can't do without, and which make a row's key.
Reading files, types and business meaning belong elsewhere.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class TableSpec:
    """One deliverable table.

    ``key`` names the columns whose values, joined by ``|``, identify a record inside the table.
    ``own_key`` names a column that is the key by itself wherever a row fills it.
    """

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]
    own_key: str | None = None


_SPECS = (
    TableSpec(
        name="deals",
        columns=(
            "deal_id",
            "stage",
            "created_at",
            "pipeline",
            "name",
            "account",
            "amount",
            "currency",
            "probability",
            "expected_close_date",
            "closed_at",
            "owner_id",
            "lead_id",
            "lead_source",
            "region",
            "loss_reason",
            "updated_at",
            "is_deleted",
            "merged_into_id",
            "created_stage",
        ),
        required=("deal_id", "stage"),
        key=("deal_id",),
    ),
    TableSpec(
        name="leads",
        columns=(
            "lead_id",
            "status",
            "created_at",
            "lead_source",
            "owner_id",
            "region",
            "score",
            "bant_budget",
            "bant_authority",
            "bant_need",
            "bant_timeline",
            "converted_at",
            "converted_deal_id",
            "updated_at",
            "is_deleted",
            "pipeline",
            "created_status",
        ),
        required=("lead_id", "status"),
        key=("lead_id",),
    ),
    TableSpec(
        name="stage_history",
        columns=(
            "entity_type",
            "entity_id",
            "stage",
            "entered_at",
            "pipeline",
            "amount",
            "currency",
            "expected_close_date",
            "owner_id",
            "probability",
            "event_id",
        ),
        required=("entity_type", "entity_id", "stage", "entered_at"),
        key=("entity_type", "entity_id", "stage", "entered_at"),
        own_key="event_id",
    ),
    TableSpec(
        name="stages",
        columns=(
            "entity_type",
            "stage",
            "position",
            "category",
            "pipeline",
            "win_rate",
            "label",
        ),
        required=("entity_type", "stage", "position", "category"),
        key=("entity_type", "pipeline", "stage"),
    ),
    TableSpec(
        name="owners",
        columns=("owner_id", "name", "team", "manager_id", "region", "is_active"),
        required=("owner_id",),
        key=("owner_id",),
    ),
    TableSpec(
        name="targets",
        columns=("period_start", "period_end", "amount", "currency", "owner_id", "team"),
        required=("period_start", "period_end", "amount"),
        key=("period_start", "period_end", "owner_id", "team", "currency"),
    ),
    TableSpec(
        name="fx_rates",
        columns=("date", "currency", "rate", "base"),
        required=("date", "currency", "rate", "base"),
        key=("date", "currency", "base"),
    ),
)

TABLES: dict[str, TableSpec] = {spec.name: spec for spec in _SPECS}
