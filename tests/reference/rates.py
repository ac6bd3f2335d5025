"""What an amount is worth in the reporting currency on a day.

Delivered rates come before those of the European Central Bank; each serves for seven days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from tests.reference.given import Delivery
from tests.reference.landed import landed_versions

# Units of a currency for one of the reporting currency, by currency and day.
Quotes = Mapping[tuple[str, date], Decimal]

REPORTING = "EUR"
_LONGEST_SERVICE = 7
_CENT = Decimal("0.01")


class Rates:
    """The rates of one source's currencies; delivered ones have the reporting currency as base."""

    def __init__(self, deliveries: Sequence[Delivery], reference: Quotes) -> None:
        newest = {
            landed.record: landed.row
            for landed in landed_versions(deliveries, "fx_rates")
            if not landed.is_absent
        }
        delivered: dict[tuple[str, date], Decimal] = {}
        for row in newest.values():
            assert row["base"] == REPORTING
            day = date.fromisoformat(str(row["date"]))
            delivered[str(row["currency"]), day] = Decimal(str(row["rate"]))
        self._sources = (delivered, reference)

    def worth(self, amount: object, currency: object, day: date) -> Decimal:
        """Return the worth to the cent; an unknown amount, currency or rate is worth nothing."""
        rate = self._rate(currency, day)
        if not isinstance(amount, Decimal) or rate is None:
            return Decimal(0)
        return (amount * rate).quantize(_CENT, ROUND_HALF_UP)

    def _rate(self, currency: object, day: date) -> Decimal | None:
        if currency == REPORTING:
            return Decimal(1)
        for quotes in self._sources:
            for age in range(_LONGEST_SERVICE + 1):
                quote = quotes.get((str(currency), day - timedelta(days=age)))
                if quote is not None:
                    return Context(prec=12).divide(Decimal(1), quote)
        return None
