"""Which lead became which deal: the associations between them, asked from both ends.

Either end may be the one that changed when they were joined.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from orchestration.sources.crm.http import origin_of
from orchestration.sources.crm.records import slices, text_at
from orchestration.sources.crm.vendor import Pull
from orchestration.sources.hubspot.account import HubspotAccount, refuse_partial
from orchestration.sources.hubspot.changes import place
from orchestration.sources.hubspot.kinds import DEALS, Kind, lead_kind
from orchestration.sources.hubspot.lists import joined
from orchestration.sources.hubspot.records import batches

_BATCH = 1000
_READ = msgspec.json.Decoder(dict[str, msgspec.Raw])


def pull_lead_deals(pull: Pull) -> None:
    """Deliver which lead belongs to which deal, for both that landed since. Raises ``CrmError``."""
    leads = lead_kind(pull.account.settings)
    resume = pull.resume or {"from": "deals", "after": None}
    if resume["from"] == "deals":
        _pull_links(pull, DEALS, leads, "deals", resume["after"])
        resume = {"from": "leads", "after": None}
        pull.delivery.checkpoint(resume)
    _pull_links(pull, leads, DEALS, "leads", resume["after"])


def _pull_links(pull: Pull, of: Kind, to: Kind, table: str, after: str | None) -> None:
    account: HubspotAccount = pull.account
    path = account.api("crm/associations", f"{of.object_type}/{to.object_type}/batch/read")
    ids = [id_ for id_ in pull.landed_ids(table) if after is None or place(id_) > place(after)]
    for batch in batches(ids, _BATCH):
        asked = [{"id": id_} for id_ in batch]
        while asked:
            account.afford(1)
            answer = account.ask(path, "POST", json={"inputs": asked})
            refuse_partial(account, answer)
            asked = []
            for result in slices(answer.content, ("results",)):
                pull.delivery.add(_links(result, table), origin_of(answer), _link_key)
                more = text_at(result, ("paging", "next", "after"))
                if more is not None:
                    asked.append({"id": text_at(result, ("from", "id")) or "", "after": more})
        pull.delivery.checkpoint({"from": table, "after": batch[-1]})


def _links(result: bytes, table: str) -> Iterator[bytes]:
    """Give each association of one record as a record with both ends."""
    told = _READ.decode(result)
    own = _READ.decode(told["from"])["id"]
    for link in slices(result, ("to",)):
        other = _READ.decode(link)["toObjectId"]
        deal, lead = (own, other) if table == "deals" else (other, own)
        yield joined(
            dealId=_as_text(deal),
            leadId=_as_text(lead),
            types=_READ.decode(link).get("associationTypes", msgspec.Raw(b"null")),
        )


def _as_text(id_: msgspec.Raw) -> bytes:
    """Return an id as JSON text: this interface has told ids as numbers, too."""
    text = bytes(id_).strip()
    return text if text.startswith(b'"') else b'"' + text + b'"'


def _link_key(link: bytes) -> str | None:
    deal, lead = text_at(link, ("dealId",)), text_at(link, ("leadId",))
    return None if deal is None or lead is None else f"{deal}|{lead}"
