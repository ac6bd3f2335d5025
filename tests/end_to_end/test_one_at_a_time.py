"""Two nights at once."""

from __future__ import annotations

import time
from pathlib import Path

from tests.end_to_end.nights import query, start, write_company, write_settings

DEALS = "deal_id,stage,created_at,amount,currency\n" + "".join(
    f"d{number},first,2024-01-{number % 28 + 1:02},{number},EUR\n" for number in range(500)
)


def test_of_nights_at_once_one_runs_and_the_others_wait_or_say_why_not(tmp_path: Path) -> None:
    write_company(tmp_path / "files", deals=DEALS)
    settings = write_settings(tmp_path / "funnel.toml", "2024-01-31")
    home = tmp_path / "home"
    # Nothing is parsed there yet, so they meet before the night's lock too.
    nights = [start(home, settings), start(home, settings)]
    deadline = time.monotonic() + 90
    while not (home / "landing").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    hasty, told = start(home, settings, "run", "--wait", "0").finish()
    codes, outputs = zip(*(night.finish() for night in nights), strict=True)
    assert codes == (0, 0), "\n".join(outputs)
    assert sum("Waiting up to" in output for output in outputs) == 1, "\n".join(outputs)
    assert hasty == 3, told
    assert any(str(night.pid) in told for night in nights), told
    assert query(home, "select count(*) from marts.fct_deals") == [(500,)]
    assert len(list((home / "releases").iterdir())) == 2
