"""What a broken build says."""

from __future__ import annotations

import pytest

from orchestration.warehouse.build import BuildResult, NodeResult
from orchestration.warehouse.parsed_project import BuildError


def node(name: str, status: str, message: str = "") -> NodeResult:
    return NodeResult(f"model.{name}", name, "model", status, 0.1, None, message)


def test_a_complete_build_raises_nothing() -> None:
    BuildResult([node("one", "success"), node("two", "success")]).raise_if_broken()


def test_what_is_broken_is_named_and_what_is_skipped_behind_it_is_not() -> None:
    built = BuildResult([node("one", "error", "no such column"), node("two", "skipped")])
    with pytest.raises(BuildError, match=r"^one: no such column$"):
        built.raise_if_broken()


def test_lack_of_memory_says_how_to_give_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNNEL_MEMORY", "300MB")
    built = BuildResult([node("one", "error", "Out of Memory Error: failed to pin block")])
    with pytest.raises(BuildError, match=r"may take 300MB of memory; give it more: FUNNEL_MEMORY="):
        built.raise_if_broken()


def test_what_ran_short_of_memory_is_built_alone_with_what_was_skipped_behind_it() -> None:
    short = node("one", "error", "Runtime Error: Out of Memory Error: failed to pin block")
    built = BuildResult([node("zero", "success"), short, node("two", "skipped")])
    assert built.to_build_alone == ["one", "two"]
    # Behind another error nothing is built: what it would rest on is not there.
    built.nodes.append(node("three", "error", "no such column"))
    assert built.to_build_alone == []
    assert BuildResult([node("zero", "success")]).to_build_alone == []
