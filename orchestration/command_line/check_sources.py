"""What trying the configured sources shows, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from orchestration.settings import FilesSource, Source
from orchestration.sources.crm.findings import Finding
from orchestration.sources.files import TABLES, delivered_but_unmapped
from orchestration.sources.files.delivery import DeliveryError, discover
from orchestration.sources.registry import vendor_of


def print_findings(sources: Sequence[Source]) -> bool:
    """Try each source and print what was found; return whether every needed thing works."""
    is_ready = True
    for source in sources:
        click.secho(f"{source.name} ({source.type})", bold=True)
        for finding in _findings(source):
            is_ready &= finding.is_good or not finding.is_needed
            _print(finding)
    if is_ready:
        click.secho("Everything that a night needs is there.", fg="green")
    else:
        click.secho("Something is missing; see above what to do.", fg="red")
    return is_ready


def _print(finding: Finding) -> None:
    if finding.is_good:
        mark, colour = "fine   ", "green"
    elif finding.is_needed:
        mark, colour = "missing", "red"
    else:
        mark, colour = "absent ", "yellow"
    click.secho(f"  {mark} ", fg=colour, nl=False)
    click.echo(f"{finding.subject}: {finding.message}")


def _findings(source: Source) -> Iterator[Finding]:
    if isinstance(source, FilesSource):
        yield from _files(source)
        return
    from orchestration.sources.crm.errors import CrmError

    vendor = vendor_of(source)
    try:
        account = vendor.open(source, lambda text: click.echo(f"  … {text}"))
    except LookupError as error:
        yield Finding("credentials", False, str(error).strip("'\""))
        return
    try:
        yield from vendor.check(account)
    except CrmError as error:
        yield Finding("connection", False, account.mask(str(error)))


def _files(source: FilesSource) -> Iterator[Finding]:
    for table in TABLES:
        try:
            delivery = discover(source, table)
        except (DeliveryError, OSError) as error:
            yield Finding(table, False, str(error))
            continue
        listed = ", ".join(delivery.name(path) for path in delivery.files)
        yield Finding(table, bool(delivery.files), listed or "no file", is_needed=table == "deals")
    for name in delivered_but_unmapped(source):
        yield Finding(name, False, "no table reads this file", is_needed=False)
