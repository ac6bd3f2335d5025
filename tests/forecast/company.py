"""A small company's exports as they stood on a day: deals with the whole history of their stages.

What it does is drawn from seeds, and what it does after a day can be drawn anew.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2024, 1, 23)
DEALS = 120
DAYS = 40
STAGES = (
    "entity_type,stage,position,category,win_rate\n"
    "deal,first,1,open,20\ndeal,second,2,open,50\ndeal,won,3,won,100\ndeal,lost,4,lost,0\n"
)
HISTORY = "entity_type,entity_id,stage,entered_at,amount,currency,owner_id,expected_close_date"
OWNERS = "owner_id,name,team\n1,One,north\n2,Two,south\n"


def write_company(folder: Path, until: date, changed_after: date | None = None) -> None:
    """Write the exports as they stand at the end of ``until``.

    With ``changed_after`` everything that happens after that day is another story: other moves,
    outcomes, amounts and owners, on other days, and twice as many new deals.
    """
    history, deals = [HISTORY], ["deal_id,stage,created_at,amount,currency,owner_id,lead_source"]
    for number in range(DEALS):
        rows = [row for row in _story(number, changed_after) if row[1] <= until]
        for stage, day, amount, currency, owner in rows:
            due = day + timedelta(days=20)
            history.append(f"deal,d{number},{stage},{day},{amount},{currency},{owner},{due}")
        if rows:
            stage, _, amount, currency, owner = rows[-1]
            source = ("web", "fair", "")[number % 3]
            deals.append(f"d{number},{stage},{rows[0][1]},{amount},{currency},{owner},{source}")
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"stages": STAGES, "owners": OWNERS}
    texts |= {"deals": "\n".join(deals) + "\n", "stage_history": "\n".join(history) + "\n"}
    for table, text in texts.items():
        (folder / f"{table}.csv").write_text(text, "utf-8")


def _story(number: int, changed_after: date | None) -> list[tuple[str, date, int, str, int]]:
    """Return a deal's moves: stage, day, amount, currency, owner."""
    told = _moves(number, "as it was")
    if changed_after is None:
        return told
    kept = [row for row in told if row[1] <= changed_after]
    if kept and kept[-1][0] in ("won", "lost"):
        return kept
    other = _moves(number, "another story")
    if not kept:
        # Begins later too, but not on the same day.
        return [row for row in other if row[1] > changed_after]
    later = changed_after + timedelta(days=1 + number % 7)
    last = other[-1]
    return [*kept, (last[0], later, last[2] * 3, last[3], last[4])]


def _moves(number: int, which: str) -> list[tuple[str, date, int, str, int]]:
    drawn = random.Random(f"{which} {number}")
    day = FIRST + timedelta(days=int(number * DAYS / DEALS))
    amount = drawn.randrange(100, 5000)
    currency, owner = drawn.choice(("EUR", "USD")), drawn.choice((1, 2))
    moves = [("first", day, amount, currency, owner)]
    while moves[-1][0] not in ("won", "lost"):
        day += timedelta(days=drawn.randrange(1, 20))
        following = ("second", "won", "lost") if moves[-1][0] == "first" else ("won", "lost")
        weights = (6, 1, 3) if moves[-1][0] == "first" else (1, 1)
        (stage,) = drawn.choices(following, weights)
        moves.append((stage, day, amount + drawn.randrange(0, 500), currency, owner))
    return moves
