"""One night's extraction of one object of one CRM account into the landing.

The order of steps and the decisions live here: which span of changes is asked for, what counts as
complete, what an end in the middle keeps. Asking is the vendor package's business.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb

from orchestration.landing import Landing, Manifest, Window
from orchestration.landing.envelope import quote_literal
from orchestration.sources.compare import (
    believed_absence,
    find_fresh,
    rows_to_land_sql,
    scan_of,
)
from orchestration.sources.crm.delivery import Delivery
from orchestration.sources.crm.errors import CrmError, NotOffered
from orchestration.sources.crm.http import Account
from orchestration.sources.crm.objects import CrmObject
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.result import ExtractResult, State
from orchestration.sources.working import working_engine


def extract_object(
    account: Account,
    item: CrmObject,
    pull: Callable[[Pull], None],
    landing: Landing,
    *,
    known_at: datetime,
    as_of: date,
    progress: Callable[[str], None] | None = None,
) -> ExtractResult:
    """Land what changed in one object since its high-water mark. The caller holds the night's lock.

    ``known_at`` is aware, ``as_of`` the day that the night reports. A CRM that refuses, is out of
    reach or out of quota gives the state ``failed`` or, where a part could be kept,
    ``interrupted``; only a broken landing raises (``LandingError``).
    """
    started = time.monotonic()
    before = (account.requests, account.tokens)
    source = account.settings.name
    told = progress or (lambda message: None)
    result = ExtractResult(source, item.name, "unchanged")
    try:
        if account.stopped is not None:
            raise account.stopped
        for _ in range(2):  # what an interrupted run left, then what came since
            step, window = _extract(account, item, pull, landing, known_at, as_of, told)
            result = _sum(result, step)
            if window is None or step.state == "interrupted" or window.end >= account.now():
                break
            if not _carried_on(landing.manifests(source, item.name), window):
                break
    except NotOffered as error:
        result = replace(result, state="absent", message=account.mask(str(error)))
    except CrmError as error:
        if error.ends_source:
            account.stopped = error
        result = replace(result, state="failed", message=account.mask(str(error)))
    return replace(
        result,
        seconds=time.monotonic() - started,
        requests=account.requests - before[0],
        tokens=account.tokens - before[1],
    )


def next_window(loads: Sequence[Manifest], now: datetime, lookback: timedelta) -> Window:
    """Return the span to ask for: what an interrupted load left, else from the mark on.

    The lookback asks again for the time just before the mark: transactions commit out of order,
    and an index may lag behind.
    """
    spans = [load.window for load in loads if load.window is not None]
    if not spans:
        return Window(None, now)
    last = spans[-1]
    if not last.is_complete:
        return last
    return Window(last.end - lookback, max(now, last.end))


def _carried_on(loads: Sequence[Manifest], window: Window) -> bool:
    """Whether the window just completed was one that an earlier run had left unfinished."""
    spans = [load.window for load in loads if load.window is not None]
    return len(spans) > 1 and spans[-2].end == window.end and not spans[-2].is_complete


def _extract(
    account: Account,
    item: CrmObject,
    ask: Callable[[Pull], None],
    landing: Landing,
    known_at: datetime,
    as_of: date,
    progress: Callable[[str], None],
) -> tuple[ExtractResult, Window | None]:
    source = account.settings.name
    loads = landing.manifests(source, item.name)
    lookback = timedelta(minutes=account.settings.lookback_minutes)
    asked = next_window(loads, account.now(), lookback) if item.is_windowed else None
    resume = json.loads(asked.resume) if asked is not None and asked.resume else None
    with landing.working_folder() as folder, working_engine(folder) as connection:
        delivery = Delivery(connection, account.mask_bytes)
        pull = Pull(
            account=account,
            window=asked or Window(None, account.now()),
            delivery=delivery,
            resume=resume,
            progress=lambda text: progress(f"{source}.{item.name}: {text}"),
            landed_ids=lambda table: _landed_ids(connection, landing, source, item.name, table),
            folder=folder,
        )
        ended_by: CrmError | None = None
        try:
            ask(pull)
        except CrmError as error:
            ended_by = error
        try:
            rest = delivery.close(is_complete=ended_by is None)
        except LookupError:
            assert ended_by is not None  # only an incomplete delivery is refused
            raise ended_by from None
        is_complete = ended_by is None
        files = landing.files(source, item.name)
        fresh = find_fresh(connection, files)
        gone, doubt = 0, ""
        is_whole = item.sweeps or not item.is_windowed or delivery.is_whole
        if is_complete and is_whole:
            gone, doubt = believed_absence(connection, ())
        else:
            connection.execute("CREATE TABLE gone (id VARCHAR)")
        window = replace(asked, resume=rest) if asked is not None else None
        result = ExtractResult(
            source,
            item.name,
            _state(is_complete, fresh, gone, doubt),
            rows_read=delivery.rows,
            rows_landed=fresh,
            rows_deleted=gone,
            rows_rejected=_rejected(connection),
            message=doubt,
        )
        if ended_by is not None:
            if ended_by.ends_source:
                account.stopped = ended_by
            result = replace(result, message=account.mask(str(ended_by)))
        if not (fresh or gone) and window is None:
            return result, None
        with landing.begin(
            source,
            item.name,
            known_at,
            as_of,
            settings_hash=_settings_hash(account),
            window=window,
        ) as load:
            if fresh or gone:
                rows = rows_to_land_sql(
                    load.known_at.isoformat(),
                    load.load_id,
                    everything=fresh == delivery.rows,
                    read=delivery.rows,
                )
                connection.execute(
                    f"COPY ({rows}) TO {quote_literal(str(load.part()))}"
                    # Small groups: wide records would not fit the engine's memory otherwise.
                    " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)"
                )
        if fresh or gone:
            progress(f"{source}.{item.name}: {fresh:,} versions and {gone:,} deletions landed")
        return replace(result, load_id=load.load_id), window


def _state(is_complete: bool, fresh: int, gone: int, doubt: str) -> State:
    if not is_complete:
        return "interrupted"
    if doubt:
        return "suspicious"
    return "landed" if fresh or gone else "unchanged"


def _sum(first: ExtractResult, second: ExtractResult) -> ExtractResult:
    """Return two steps of one night as one result."""
    state = second.state
    if state == "unchanged" and first.state == "landed":
        state = "landed"
    return replace(
        second,
        state=state,
        rows_read=first.rows_read + second.rows_read,
        rows_landed=first.rows_landed + second.rows_landed,
        rows_deleted=first.rows_deleted + second.rows_deleted,
        rows_rejected=first.rows_rejected + second.rows_rejected,
        message="; ".join(filter(None, [first.message, second.message])),
    )


def _rejected(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(problem) FROM delivered").fetchone()
    return int(row[0]) if row else 0


def _landed_ids(
    connection: duckdb.DuckDBPyConnection, landing: Landing, source: str, own: str, table: str
) -> list[str]:
    """Return the ids of a table's records that landed since the last complete load of ``own``.

    A load that was completed in a later run did not ask for what landed in between, if its place
    in the order had passed: so everything since it first ended early comes again.
    """
    spans = [load for load in landing.manifests(source, own) if load.window is not None]
    asked = None
    for place, load in enumerate(spans):
        assert load.window is not None
        if not load.window.is_complete:
            continue
        asked = load.load_id
        for before in reversed(spans[:place]):
            assert before.window is not None
            if before.window.is_complete or before.window.end != load.window.end:
                break
            asked = before.load_id
    files = landing.files(source, table, after=asked)
    if not files:
        return []
    found = connection.execute(
        f"SELECT DISTINCT id FROM {scan_of(files)} WHERE problem IS NULL AND NOT is_deleted"
        " ORDER BY length(id), id"
    ).fetchall()
    return [id_ for (id_,) in found]


def _settings_hash(account: Account) -> str:
    text = account.settings.model_dump_json(exclude={"base_url"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]
