"""The commands of the project.

Each parses its arguments, calls one function and prints. Exit codes: 0 done, 1 the run failed,
2 the settings or arguments are wrong, 3 another run holds the home folder.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from orchestration.home import PROJECT_ROOT, Home
from orchestration.settings import FilesSource, Settings, SettingsError, load_settings

DAY = click.DateTime(formats=["%Y-%m-%d"])


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        click.secho("The settings are wrong; nothing was started.", fg="red", err=True)
        click.echo(str(error), err=True)
        sys.exit(2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The sales funnel and pipeline warehouse.

    FUNNEL_CONFIG names the settings file (default: the bundled sample), FUNNEL_HOME the folder
    that holds all state (default: .funnel in the checkout).
    """


@main.command()
@click.option("--wait", default=3600.0, show_default=True, help="Seconds to wait for another run.")
@click.option("--quiet", is_flag=True, help="Show no progress and no summary.")
def run(wait: float, quiet: bool) -> None:
    """Run the night: extract, build, check, publish."""
    settings = _settings()
    from orchestration.automation.runner import run_night

    sys.exit(_finish(run_night(settings, wait_seconds=wait, quiet=quiet), settings, quiet))


@main.command()
@click.option("--from", "first", type=DAY, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=DAY, required=True, help="Last day, YYYY-MM-DD.")
@click.option("--wait", default=3600.0, show_default=True, help="Seconds to wait for another run.")
@click.option("--quiet", is_flag=True, help="Show no progress and no summary.")
def backfill(first: datetime, last: datetime, wait: float, quiet: bool) -> None:
    """Lay out the snapshots of a range of days anew, with everything that follows from them."""
    settings = _settings()
    if last < first:
        raise click.UsageError(f"--to {last.date()} lies before --from {first.date()}")
    as_of = settings.as_of_day(datetime.now(UTC))
    if last.date() > as_of:
        raise click.UsageError(f"--to {last.date()} lies after the last finished day, {as_of}")
    from orchestration.automation.runner import run_backfill

    outcome = run_backfill(settings, first.date(), last.date(), wait_seconds=wait, quiet=quiet)
    sys.exit(_finish(outcome, settings, quiet))


def _finish(outcome: object, settings: Settings, quiet: bool) -> int:
    from orchestration.automation.runner import RunOutcome
    from orchestration.command_line.summary import print_failure, print_summary

    assert isinstance(outcome, RunOutcome)
    home = Home.from_environment()
    if not outcome.success:
        print_failure(outcome, home)
        return 3 if outcome.is_busy else 1
    if not quiet:
        print_summary(home, outcome)
    return 0


@main.command()
def summary() -> None:
    """Show the last published night again."""
    from orchestration.command_line.summary import print_summary

    home = Home.from_environment()
    if not home.published.exists():
        raise click.ClickException(f"Nothing is published in {home.root} yet; start with: make run")
    print_summary(home, None)


@main.command()
@click.option("--language", type=click.Choice(["en", "zh"]), help="The language that shows first.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to write a copy instead.")
def report(language: str | None, output: Path | None) -> None:
    """Write the report of the published night again, one HTML file in English and Chinese."""
    settings = _settings()
    from orchestration.publication.report import published_edition, write_release_report

    home = Home.from_environment()
    try:
        folder, as_of, known_until = published_edition(home)
    except LookupError as error:
        raise click.ClickException(f"{error}; start with: make run") from error
    written = write_release_report(folder, settings, as_of, known_until, language, output)
    shown = output or home.published / written.path.name
    click.echo(f"{shown} ({written.bytes / 1000:,.0f} kB)")


@main.command("failing-rows")
@click.argument("check", required=False)
@click.option("--limit", default=20, show_default=True, help="How many rows to show.")
def failing_rows(check: str | None, limit: int) -> None:
    """Show the rows behind a failed check of the last run (without CHECK: list the failed ones)."""
    from orchestration.command_line.failing_rows import print_failed_checks, print_failing_rows

    home = Home.from_environment()
    if not home.warehouse.exists():
        raise click.ClickException(f"Nothing was run in {home.root} yet; start with: make run")
    if check is None:
        print_failed_checks(home)
    else:
        print_failing_rows(home, check, limit)


@main.command()
@click.option("--as-of", "as_of", type=DAY, required=True, help="The day to rebuild.")
@click.option("--known-until", type=DAY, required=True, help="Last day whose knowledge counts.")
@click.option("--wait", default=3600.0, show_default=True, help="Seconds to wait for another run.")
def replay(as_of: datetime, known_until: datetime, wait: float) -> None:
    """Rebuild a past day with the knowledge of an earlier day, into a file of its own."""
    settings = _settings()
    from orchestration.automation.replay import replay as replay_day
    from orchestration.session import NightLock, NightLockBusy

    home = Home.from_environment()
    if as_of > known_until:
        raise click.UsageError(
            f"--as-of {as_of.date()} lies after --known-until {known_until.date()}"
        )
    try:
        with NightLock(home.lock).holding(wait, click.echo, what="a replay"):
            path = replay_day(settings, home, as_of.date(), known_until.date())
    except NightLockBusy as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(3)
    click.echo(f"{as_of.date()} as known at the end of {known_until.date()}: {path}")
    click.echo("Its facts are in the schema marts, such as marts.fct_pipeline_daily.")


@main.command("check-settings")
def check_settings() -> None:
    """Read the settings and say what the night would do with them."""
    settings = _settings()
    as_of: date = settings.as_of_day(datetime.now(UTC))
    click.echo(f"{settings.path}: fine")
    click.echo(f"last day to report: {as_of} ({settings.business_timezone})")
    from orchestration.sources.files import delivered_but_unmapped

    for source in settings.sources:
        if not isinstance(source, FilesSource):
            click.echo(f"source {source.name}: {source.type}; try it with: make check-sources")
            continue
        click.echo(f"source {source.name}: {source.type}, {source.path}, mode {source.mode}")
        for name in delivered_but_unmapped(source):
            click.echo(f"  {name}: no table reads this file")


@main.command("check-sources")
@click.argument("names", nargs=-1)
def check_sources(names: tuple[str, ...]) -> None:
    """Try every configured source: credentials, permissions, objects and fields.

    NAMES limits it to some sources. Exit code 1 if something that a night needs is missing.
    """
    settings = _settings()
    known = {source.name for source in settings.sources}
    for name in names:
        if name not in known:
            raise click.UsageError(
                f"no source is named {name}; there are: {', '.join(sorted(known))}"
            )
    from orchestration.command_line.check_sources import print_findings

    wanted = [source for source in settings.sources if not names or source.name in names]
    sys.exit(0 if print_findings(wanted) else 1)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
def ui(port: int) -> None:
    """Serve the orchestrator's UI with its daemon, until interrupted."""
    _settings()
    from orchestration.automation.instance import prepare_instance

    home = Home.from_environment()
    prepare_instance(home)
    click.echo(f"The orchestrator will be at http://127.0.0.1:{port} (Ctrl-C ends it).")
    command = [
        sys.executable, "-m", "dagster", "dev",
        "--host", "127.0.0.1",
        "--port", str(port),
    ]  # fmt: skip
    # The code location is named in pyproject.toml, which the orchestrator looks for here.
    os.chdir(PROJECT_ROOT)
    # Its successor needs a tool of its own that nothing else here does; the version is pinned.
    os.environ["PYTHONWARNINGS"] = "ignore:Function `dev_command` is superseded"
    # Replaces this process, so that signals reach the orchestrator itself.
    os.execv(sys.executable, command)
