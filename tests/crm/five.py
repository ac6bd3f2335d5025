"""The five stand-ins side by side: one company, kept in five CRMs at once.

Here belong starting them and the settings of their accounts. What each can tell of the company
belongs to its own folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.hubspot import nights as hubspot
from tests.crm.neocrm import nights as neocrm
from tests.crm.pipedrive import nights as pipedrive
from tests.crm.salesforce import nights_of_an_org as salesforce
from tests.crm.standin import StandIn
from tests.crm.standins.hubspot import Hubspot
from tests.crm.standins.neocrm import Neocrm
from tests.crm.standins.pipedrive import Pipedrive
from tests.crm.standins.salesforce import Salesforce
from tests.crm.standins.zoho import Zoho
from tests.crm.truth import Truth
from tests.crm.zoho import nights as zoho

ENVIRONMENT: Mapping[str, str] = {
    **salesforce.SECRETS,
    **hubspot.ENVIRONMENT,
    **pipedrive.ENVIRONMENT,
    **zoho.ENVIRONMENT,
    **neocrm.ENVIRONMENT,
}


@dataclass(frozen=True)
class Five:
    """The running stand-ins."""

    salesforce: Salesforce
    hubspot: Hubspot
    pipedrive: Pipedrive
    zoho: Zoho
    neocrm: Neocrm

    @property
    def all(self) -> tuple[StandIn, ...]:
        """Each of them."""
        return (self.salesforce, self.hubspot, self.pipedrive, self.zoho, self.neocrm)

    def move_to(self, now: datetime) -> None:
        """Set every clock, with a new daily quota."""
        for standin in self.all:
            standin.now = now
            standin.new_day()

    def settings(self, as_of: date, first_day: date) -> str:
        """Return the settings file of a warehouse with an account of each."""
        head = (
            f'business_timezone = "{BUSINESS_TIMEZONE}"\nreporting_currency = "EUR"\n'
            f'as_of = "{as_of}"\nfirst_day = "{first_day}"\n'
        )
        return head + "\n".join(
            (
                salesforce.settings_toml(self.salesforce, "acme_sf"),
                hubspot.settings_toml(self.hubspot, "acme_hs"),
                pipedrive.settings_toml(self.pipedrive),
                zoho.settings_toml(self.zoho),
                neocrm.settings_toml(self.neocrm),
            )
        )


@contextmanager
def five_standins(truth: Truth, now: datetime) -> Iterator[Five]:
    """Start a stand-in of each CRM on loopback, all with the same company."""
    with ExitStack() as stack:
        yield Five(
            *(
                stack.enter_context(kind(truth, now))
                for kind in (Salesforce, Hubspot, Pipedrive, Zoho, Neocrm)
            )
        )
