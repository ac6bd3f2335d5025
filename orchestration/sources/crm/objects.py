"""What is extracted from a CRM, object by object, without what it takes to extract it.

Light on purpose: the asset graph and the landing's views need the names, not the HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CrmObject:
    """One object of a vendor, landed as one table.

    ``is_windowed``: asked for what changed since the high-water mark; else the whole list comes
    each night, and what it lacks counts as deleted. ``sweeps``: windowed, but each complete load
    also names every record that exists (``delivery.present``), and what it lacks counts as deleted.
    ``after``: objects that have to be extracted before it in the same night. ``needs``: the
    permission, in the vendor's words.
    """

    name: str
    description: str
    is_windowed: bool = True
    sweeps: bool = False
    after: tuple[str, ...] = ()
    needs: str = ""
