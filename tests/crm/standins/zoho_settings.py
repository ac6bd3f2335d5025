"""What an organisation in Zoho tells of its settings: its currencies, fields and layout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tests.crm.standins.zoho_shapes import HOME_CURRENCY, Json, layout_id, type_of, user_id

_SINCE = "2024-01-01T05:30:00+05:30"
_BY = {"id": user_id(1), "name": "Owner 1"}
_JSON_TYPES = {
    "ownerlookup": "jsonobject",
    "lookup": "jsonobject",
    "boolean": "boolean",
    "currency": "double",
    "double": "double",
    "integer": "integer",
    "subform": "jsonarray",
}


def currency(name: str, rate: Decimal, day: date | None) -> Json:
    """Return a currency with its present rate, which Zoho writes with nine decimals."""
    return {
        "id": f"36523970000008{sum(map(ord, name)):05}",
        "iso_code": name,
        "name": f"Currency {name}",
        "symbol": name,
        "prefix_symbol": True,
        "format": {
            "decimal_separator": "Period",
            "thousand_separator": "Comma",
            "decimal_places": "2",
        },
        "exchange_rate": f"{rate:.9f}",
        "is_base": name == HOME_CURRENCY,
        "is_active": True,
        "created_by": _BY,
        "created_time": _SINCE,
        "modified_by": _BY,
        "modified_time": f"{day}T05:30:00+05:30" if day else _SINCE,
    }


def field(place: int, name: str, options: Sequence[Json]) -> Json:
    """Return a field of a module; only pick lists have options."""
    kind = type_of(name)
    label = name.replace("__s", "").replace("_", " ")
    return {
        "id": f"36523970000002{place:05}",
        "api_name": name,
        "field_label": label,
        "display_label": label,
        "data_type": kind,
        "json_type": _JSON_TYPES.get(kind, "string"),
        "type": "used",
        "visible": True,
        "custom_field": name.startswith("Custom_"),
        "system_mandatory": False,
        "read_only": False,
        "field_read_only": False,
        "length": 120,
        "created_source": "default",
        "pick_list_values": list(options),
    }


def layout() -> Json:
    """Return the only layout of deals, without its sections."""
    return {
        "id": layout_id(),
        "name": "Standard",
        "display_label": "Standard",
        "status": "active",
        "visible": True,
        "mode": "full",
        "source": "crm",
        "generated_type": "default",
        "has_more_profiles": False,
        "show_business_card": True,
        "created_for": None,
        "created_by": None,
        "created_time": None,
        "modified_by": _BY,
        "modified_time": _SINCE,
        "profiles": [],
        "sections": [],
    }
