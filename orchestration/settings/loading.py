"""Read the settings file, and say in one error everything that is wrong with it.

Here belong finding the file, parsing it and the wording of its mistakes. What a setting may be
belongs in ``models`` and ``rules``.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestration.home import PROJECT_ROOT, Home
from orchestration.settings import rules
from orchestration.settings.base import Secret
from orchestration.settings.crm_sources import CREDENTIALS
from orchestration.settings.file_sources import FilesSource, FileTable
from orchestration.settings.models import (
    Alerts,
    Forecast,
    PipelineTemplate,
    Settings,
    source_models,
)

DEFAULT_SETTINGS_FILE = PROJECT_ROOT / "orchestration" / "sample" / "sample.toml"

_LONGEST_SHOWN = 80
_SOURCES = source_models()
_MODEL_UNDER: dict[str, type[BaseModel]] = {
    "tables": FileTable,
    "pipelines": PipelineTemplate,
    "alert_webhook": Secret,
    "alerts": Alerts,
    "forecast": Forecast,
}


class SettingsError(Exception):
    """The settings can't be used; ``mistakes`` says each reason, the message all of them."""

    def __init__(self, file: Path, mistakes: Sequence[str]) -> None:
        """Word the message from the file's path and its mistakes."""
        self.file = file
        self.mistakes = tuple(mistakes)
        if len(self.mistakes) == 1:
            text = f"Wrong settings in {file}: {self.mistakes[0]}"
        else:
            listed = "".join(f"\n  - {each}" for each in self.mistakes)
            text = f"Wrong settings in {file}, {len(self.mistakes)} mistakes:{listed}"
        super().__init__(text)


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of one TOML file.

    ``path`` defaults to ``FUNNEL_CONFIG`` in ``environ`` (default: the process's environment), and
    that to the bundled sample. Raises ``SettingsError``, which names the file and, for every
    mistake, the key, the value found and what is allowed. Values of secrets, and of keys that are
    not known, are never shown.
    """
    environ = os.environ if environ is None else environ
    if path is None:
        path = Path(environ.get("FUNNEL_CONFIG") or DEFAULT_SETTINGS_FILE)
    # Not resolved: a mounted file may be a link, and its neighbours lie beside the link.
    file = Path(os.path.abspath(path.expanduser()))
    document = _read(file)
    mistakes = []
    if "path" in document:
        del document["path"]
        mistakes.append(_unknown_key(("path",), Settings))
    settings = None
    try:
        settings = Settings.model_validate(
            {**document, "path": file},
            context={"folder": file.parent, "home": _home(environ)},
        )
    except ValidationError as error:
        for each in error.errors(include_url=False):
            mistakes.append(_worded(each))
    # Raised outside the handler, so that no context carries the inputs along.
    if settings is None or mistakes:
        raise SettingsError(file, mistakes)
    return settings


def _home(environ: Mapping[str, str]) -> Home:
    if environ is os.environ:
        return Home.from_environment()
    named = environ.get("FUNNEL_HOME")
    return Home(Path(named).expanduser().resolve() if named else PROJECT_ROOT / ".funnel")


def _read(file: Path) -> dict[str, Any]:
    """Return the parsed file; the reasons why it can't be are worded without its content."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        reason = "the file does not exist; FUNNEL_CONFIG names the settings file"
    except OSError as error:
        reason = f"the file can't be read: {error.strerror}"
    else:
        try:
            return tomllib.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            reason = f"the file is not UTF-8 (at line {line})"
        except tomllib.TOMLDecodeError as error:
            reason = f"the file is not TOML: {error}"
    raise SettingsError(file, [reason])


def _worded(error: Any) -> str:
    """Return one mistake as text: key, value found, what is allowed, hint."""
    loc, source = _without_type(tuple(error["loc"]))
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_type(loc, error)
    context = error.get("ctx", {}) if error["type"] == rules.MISTAKE else {}
    model, field = _field_at(loc, source)
    if error["type"] == "extra_forbidden":
        return _unknown_key(loc, model)
    if error["type"] == "missing":
        problem = "missing"
    elif "problem" in context:
        problem = context["problem"]
    elif loc[0] == "alert_webhook" or CREDENTIALS.intersection(map(str, loc)):
        problem = "found a value that is not shown here"
    else:
        problem = f"found {_shown(error['input'])}"
    allowed = context.get("allowed") or _allowed(model, field)
    key = _dotted((*loc, context["key"]) if "key" in context else loc)
    hint = f"; {context['hint']}" if context.get("hint") else ""
    return f"{key}: {problem}; allowed: {allowed}{hint}"


def _unknown_key(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    # Its value is not shown: nobody knows whether it is a secret.
    names = [name for name in model.model_fields if (model, name) != (Settings, "path")]
    hint = rules.did_you_mean(loc[-1], names)
    text = f"{_dotted(loc)}: unknown key; allowed: {', '.join(names)}"
    return f"{text}; {hint}" if hint else text


def _without_type(
    loc: tuple[str | int, ...],
) -> tuple[tuple[str | int, ...], type[BaseModel]]:
    """Return a place without the type of its source, and the model of that type."""
    if loc[:1] == ("sources",) and len(loc) > 2 and loc[2] in _SOURCES:
        return loc[:2] + loc[3:], _SOURCES[str(loc[2])]
    return loc, FilesSource


def _wrong_type(loc: tuple[str | int, ...], error: Any) -> str:
    listed = ", ".join(f'"{name}"' for name in rules.SOURCE_TYPES)
    key = _dotted((*loc, "type"))
    if error["type"] == "union_tag_not_found":
        return f"{key}: missing; allowed: {listed}"
    found = error["ctx"]["tag"]
    hint = rules.did_you_mean(found, rules.SOURCE_TYPES)
    text = f"{key}: found {_shown(found)}; allowed: {listed}"
    return f"{text}; {hint}" if hint else text


def _allowed(model: type[BaseModel], field: str) -> str | None:
    known = model.model_fields.get(field)
    return known.description if known else None


def _field_at(loc: tuple[str | int, ...], source: type[BaseModel]) -> tuple[type[BaseModel], str]:
    """Return the model that holds the place ``loc``, and the field of it that ``loc`` is or is in.

    For an unknown key the field is that key.
    """
    model: type[BaseModel] = Settings
    field = str(loc[0])
    is_table_named = False
    for step in loc[1:]:
        if isinstance(step, int):
            continue
        if field in ("columns", "defaults"):
            break
        if field == "tables" and not is_table_named:
            is_table_named = True
            continue
        model = source if field == "sources" else _model_under(model, field)
        field = step
    return model, field


def _model_under(model: type[BaseModel], field: str) -> type[BaseModel]:
    return Secret if field in CREDENTIALS else _MODEL_UNDER.get(field, model)


def _dotted(loc: tuple[str | int, ...]) -> str:
    """Return a place as ``sources[1].tables.deals.file``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".")


def _shown(value: object) -> str:
    """Return a value as it stands in TOML, shortened; of lists and tables only the kind."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, date | time):
        text = value.isoformat()
    elif isinstance(value, str | int | float):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
