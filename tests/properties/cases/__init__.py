"""Every case that a decision answers: a company of one deal or lead, and what must come of it."""

from __future__ import annotations

from tests.properties.case_words import Case
from tests.properties.cases.close_dates import CLOSE_DATES
from tests.properties.cases.conversion import CONVERSION
from tests.properties.cases.deletions import DELETIONS
from tests.properties.cases.history import HISTORY
from tests.properties.cases.lists import LISTS
from tests.properties.cases.logs import LOGS
from tests.properties.cases.passing import PASSING
from tests.properties.cases.records import RECORDS
from tests.properties.cases.removal import REMOVAL
from tests.properties.cases.time import TIME
from tests.properties.cases.transfers import TRANSFERS
from tests.properties.cases.values import VALUES
from tests.properties.cases.waterfall import WATERFALL

CASES: list[Case] = [
    *(*TIME, *PASSING, *RECORDS, *HISTORY, *LOGS, *REMOVAL, *DELETIONS, *VALUES, *LISTS),
    *(*CONVERSION, *WATERFALL, *TRANSFERS, *CLOSE_DATES),
]
