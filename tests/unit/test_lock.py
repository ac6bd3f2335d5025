"""The night's lock, between real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestration.home import PROJECT_ROOT
from orchestration.session.lock import NightLock, NightLockBusy

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.session.lock import NightLock

lock = NightLock(Path(sys.argv[1]))
lock.acquire(0, print, what="the night of 2024-03-01")
{then}
print("held", flush=True)
time.sleep(float(sys.argv[2]))
lock.release()
"""


@contextmanager
def holder(
    path: Path, seconds: float = 60, then: str = ""
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a process that holds the lock, wait until it does, and give the number it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(then=then), str(path), str(seconds)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[-1] == "held"
        yield process, int(words[0]) if len(words) > 1 else 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def refuse(sentence: str) -> None:
    raise AssertionError(f"waited: {sentence}")


def test_a_free_lock_is_taken_given_back_and_taken_again(tmp_path: Path) -> None:
    lock = NightLock(tmp_path / "home" / "night.lock")
    for _ in range(2):
        with lock.holding(0, refuse, what="the night of 2024-03-01"):
            assert lock.is_held
            written = json.loads(lock.path.read_text())
            assert written["pid"] == os.getpid()
            assert written["what"] == "the night of 2024-03-01"
        assert not lock.is_held
        assert lock.path.read_text() == ""


def test_a_taken_lock_says_who_holds_it_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    with holder(path) as (process, _):
        waits: list[str] = []
        started = time.monotonic()
        with pytest.raises(NightLockBusy) as caught:
            NightLock(path, remind_seconds=0.5).acquire(1.3, waits.append)
        assert 1.3 <= time.monotonic() - started < 5
        assert len(waits) == 3
        for sentence in (*waits, str(caught.value)):
            assert f"process {process.pid} on " in sentence
            assert "the night of 2024-03-01" in sentence
            assert ", since 20" in sentence
        assert "Start again when that run has ended" in str(caught.value)


def test_no_wait_asked_for_means_one_try(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    with holder(path), pytest.raises(NightLockBusy):
        NightLock(path).acquire(0, refuse)


def test_the_lock_is_taken_when_its_holder_ends(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    waits: list[str] = []
    with (
        holder(path, seconds=1),
        NightLock(path).holding(30, waits.append, what="mine"),
    ):
        assert json.loads(path.read_text())["what"] == "mine"
    assert len(waits) == 1


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    with holder(path) as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert json.loads(path.read_text())["pid"] == process.pid
        with NightLock(path).holding(0, refuse):
            assert json.loads(path.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    "then",
    [
        "import subprocess; child = subprocess.Popen(['sleep', '30'], close_fds=False).pid",
        "import os\nchild = os.fork()\nif not child: time.sleep(30); os._exit(0)",
    ],
    ids=["program", "fork"],
)
def test_a_child_of_a_killed_holder_does_not_keep_the_lock(tmp_path: Path, then: str) -> None:
    path = tmp_path / "night.lock"
    with holder(path, then=f"{then}\nprint(child, end=' ')") as (process, child):
        process.kill()
        process.wait()
        try:
            with NightLock(path).holding(5, lambda _: None):
                os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_fork_gives_up_its_copy_and_leaves_the_lock_to_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    with NightLock(path).holding(0, refuse):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        with pytest.raises(NightLockBusy):
            NightLock(path).acquire(0, refuse)


def test_an_object_refuses_to_take_twice_what_it_holds(tmp_path: Path) -> None:
    lock = NightLock(tmp_path / "night.lock")
    with lock.holding(0, refuse), pytest.raises(RuntimeError, match="already"):
        lock.acquire(0, refuse)


def test_an_error_inside_the_block_frees_the_lock(tmp_path: Path) -> None:
    lock = NightLock(tmp_path / "night.lock")
    with pytest.raises(ZeroDivisionError), lock.holding(0, refuse):
        _ = 1 / 0
    with NightLock(lock.path).holding(0, refuse):
        pass


def test_whatever_stands_in_the_file_a_free_lock_is_free(tmp_path: Path) -> None:
    path = tmp_path / "night.lock"
    path.write_text('{"pid": 1, "what": "left behind"')
    with NightLock(path).holding(0, refuse):
        assert json.loads(path.read_text())["pid"] == os.getpid()
