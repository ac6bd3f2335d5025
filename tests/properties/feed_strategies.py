"""What interfaces tell beside records, made up by hypothesis: logged changes and deletions.

Values come from the same small pools as those of records, so that logs agree with their record,
contradict it and collide with it.
"""

from __future__ import annotations

from hypothesis import strategies as st

Row = dict[str, str]

INSTANTS = [
    *("2024-03-28T10:00:00Z", "2024-03-27T09:00:00Z", "2024-03-29T15:30:00Z"),
    *("2024-03-31T02:30:00Z", "2024-04-02T07:00:00Z", "2024-04-05T12:00:00Z"),
    "2024-04-06T12:00:00Z",
]
VALUES = {
    "amount": ["100", "250.50", "0"],
    "currency": ["EUR", "USD"],
    "expected_close_date": ["2024-04-10", "2024-04-20", "2024-05-10"],
    "owner_id": ["ann", "bob"],
}
STATUSES = ["open", "won", "lost"]


@st.composite
def logs(
    draw: st.DrawFn, entity_type: str, entity: str, stages: list[str], pipelines: list[str]
) -> list[Row]:
    """Return the log of a lead or deal: up to 6 changes, complete or not, old values or not."""
    pools = {"stage": stages, "status": STATUSES, "pipeline": pipelines, **VALUES}
    fields = list(pools) if entity_type == "deal" else ["stage", "owner_id"]
    if not pipelines:
        fields = [field for field in fields if field != "pipeline"]
    common = {"entity_type": entity_type, "entity_id": entity}
    if draw(st.booleans()):
        common["history_is_complete"] = "true"
    tells_old = draw(st.booleans())
    changed = draw(st.lists(st.sampled_from(fields), max_size=6))
    rows = [{**common, "record_id": f"{entity} read"}] if not changed else []
    numbered = draw(st.booleans())
    values: dict[str, str | None] = {}
    for number, field in enumerate(changed):
        row = {**common, "record_id": f"{entity} {number}", "field": field}
        row["changed_at"] = draw(st.sampled_from(INSTANTS))
        if numbered:
            row["change_number"] = str(draw(st.integers(1, 9)))
        before = values.get(field) or draw(st.sampled_from(pools[field]))
        is_emptied = field in VALUES and draw(st.integers(0, 4)) == 4
        after = None if is_emptied else draw(st.sampled_from(pools[field]))
        if tells_old:
            row["has_old_value"] = "true"
            row["old_value"] = before
        if after is not None:
            row["new_value"] = after
        values[field] = after
        rows.append(row)
    return rows


@st.composite
def deletions(draw: st.DrawFn, entity_type: str, entity: str, deals: list[str]) -> list[Row]:
    """Return what a feed tells of a record's deletions, mostly nothing."""
    if draw(st.integers(0, 4)) < 4:
        return []
    row = {"entity_type": entity_type, "entity_id": entity}
    row["deleted_at"] = draw(st.sampled_from(INSTANTS))
    if draw(st.integers(0, 2)) == 2:
        row["merged_into_id"] = draw(st.sampled_from(deals))
    return [row]
