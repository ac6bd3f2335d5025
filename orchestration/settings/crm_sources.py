"""The settings of one account of each CRM. Secrets are named, never written.

A field's description says what is allowed; what is not certain of a vendor's interface is a
setting here, with the likeliest answer as its default.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

from orchestration.settings import rules
from orchestration.settings.base import (
    SOURCE_NAME,
    Secret,
    SettingsModel,
    SourceName,
    Text,
    TimeZone,
)

_ADDRESS = "a web address such as https://crm.example.com; http only on this machine"
_SECRET = '{ env = "NAME" }, naming an environment variable; a secret never stands in the file'
_FIELD = "the API name of a field, such as Loss_Reason__c"
FieldName = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Currency = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Z]{3}$")]
WebAddress = Annotated[StrictStr, AfterValidator(rules.web_address)]
Count = Annotated[StrictInt, Field(gt=0)]


class CrmSource(SettingsModel):
    """What every CRM account can be told."""

    name: SourceName = Field(description=SOURCE_NAME)
    type: str
    base_url: WebAddress | None = Field(default=None, description=_ADDRESS)
    timezone: TimeZone = Field(
        default="UTC", description="an IANA time zone, such as Europe/Amsterdam"
    )
    lookback_minutes: Count = Field(default=60, description="a whole number of minutes above 0")
    timeout_seconds: Count = Field(default=60, description="a whole number of seconds above 0")
    longest_wait_seconds: Count = Field(
        default=300, description="a whole number of seconds above 0"
    )
    requests_per_night: Count | None = Field(
        default=None, description="a whole number above 0; without it, no limit of our own"
    )
    tokens_per_night: Count | None = Field(
        default=None, description="a whole number above 0; without it, no limit of our own"
    )

    @classmethod
    def circumstances(cls) -> frozenset[str]:
        """Return the keys, of every CRM, that say how it is reached, not what records mean."""
        reached = {"base_url", "lookback_minutes", "timeout_seconds", "longest_wait_seconds"}
        budgets = {"requests_per_night", "tokens_per_night"}
        return frozenset(reached | budgets | CREDENTIALS)

    def require_one_of(self, *ways: tuple[str, ...]) -> None:
        """Raise the mistake of an account that has no complete way to log in."""
        for keys in ways:
            if all(getattr(self, key) is not None for key in keys):
                return
        listed = " or ".join(" + ".join(keys) for keys in ways)
        raise rules.mistake(
            problem="credentials are incomplete", allowed=f"{listed}, each {_SECRET}"
        )


CREDENTIALS = frozenset(
    {
        "access_token",
        "api_token",
        "client_id",
        "client_secret",
        "jwt_audience",
        "login_url",
        "password",
        "private_key",
        "redirect_uri",
        "refresh_token",
        "security_token",
        "username",
    }
)


class SalesforceFields(SettingsModel):
    """The org's own fields for what Salesforce has no field for."""

    loss_reason: FieldName | None = Field(default=None, description=_FIELD)
    deal_region: FieldName | None = Field(default=None, description=_FIELD)
    lead_region: FieldName | None = Field(default=None, description=_FIELD)
    lead_score: FieldName | None = Field(default=None, description=_FIELD)
    bant_budget: FieldName | None = Field(default=None, description=_FIELD)
    bant_authority: FieldName | None = Field(default=None, description=_FIELD)
    bant_need: FieldName | None = Field(default=None, description=_FIELD)
    bant_timeline: FieldName | None = Field(default=None, description=_FIELD)

    def of(self, sobject: str) -> dict[str, str]:
        """Return what each configured field of Opportunity or Lead is used for."""
        of_deals = ("loss_reason", "deal_region")
        return {
            use: name
            for use, name in self.model_dump(exclude_none=True).items()
            if sobject == ("Opportunity" if use in of_deals else "Lead")
        }


class SalesforceSource(CrmSource):
    """A Salesforce org."""

    type: Literal["salesforce"] = Field(description='"salesforce"')
    login_url: WebAddress | None = Field(default=None, description=_ADDRESS)
    client_id: Secret | None = Field(default=None, description=_SECRET)
    client_secret: Secret | None = Field(default=None, description=_SECRET)
    refresh_token: Secret | None = Field(default=None, description=_SECRET)
    username: Secret | None = Field(default=None, description=_SECRET)
    private_key: Secret | None = Field(default=None, description=_SECRET)
    api_version: Annotated[StrictStr, StringConstraints(pattern=r"^\d{2,3}\.0$")] = Field(
        default="67.0", description='a version such as "67.0"'
    )
    jwt_audience: WebAddress | None = Field(default=None, description=_ADDRESS)
    bulk_above: Count = Field(default=2000, description="a whole number of records above 0")
    bulk_page_records: Count = Field(
        default=50_000, description="a whole number of records above 0"
    )
    bulk_wait_minutes: Count = Field(default=60, description="a whole number of minutes above 0")
    currency: Currency | None = Field(
        default=None, description="a currency code of three capital letters, such as EUR"
    )
    custom_fields: SalesforceFields = Field(
        default_factory=SalesforceFields, description="a table of fields"
    )
    lost_lead_statuses: tuple[Text, ...] = Field(
        default=("Unqualified", "Disqualified", "Closed - Not Converted"),
        description="a list of lead statuses, as the org names them",
    )

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        self.require_one_of(
            ("client_id", "client_secret", "refresh_token"),
            ("client_id", "username", "private_key"),
            ("client_id", "client_secret"),
        )
        if self.login_url is None and self.base_url is None:
            raise rules.mistake(
                "it is the org's My Domain host",
                problem="missing",
                allowed=_ADDRESS,
                key="login_url",
            )
        return self


class HubspotSource(CrmSource):
    """A HubSpot account."""

    type: Literal["hubspot"] = Field(description='"hubspot"')
    access_token: Secret | None = Field(default=None, description=_SECRET)
    client_id: Secret | None = Field(default=None, description=_SECRET)
    client_secret: Secret | None = Field(default=None, description=_SECRET)
    refresh_token: Secret | None = Field(default=None, description=_SECRET)
    api_version: Annotated[StrictStr, StringConstraints(pattern=r"^(\d{4}-\d{2}|v3)$")] = Field(
        default="2026-09", description='a version such as "2026-09", or "v3"'
    )
    leads: Literal["leads", "contacts", "none"] = Field(
        default="leads", description='"leads", "contacts" (lifecycle stages) or "none"'
    )
    qualified_lead_stages: tuple[Text, ...] = Field(
        default=("qualified-stage-id",),
        description="a list of ids of lead stages in which a lead is handed over",
    )
    disqualified_lead_stages: tuple[Text, ...] = Field(
        default=("unqualified-stage-id",), description="a list of ids of lead stages"
    )
    converted_lifecycle_stages: tuple[Text, ...] = Field(
        default=("opportunity", "customer", "evangelist"),
        description="a list of lifecycle stages in which a contact is no lead any more",
    )
    sweep_days: Count = Field(default=7, description="a whole number of days above 0")

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        self.require_one_of(("access_token",), ("client_id", "client_secret", "refresh_token"))
        return self


class PipedriveSource(CrmSource):
    """A Pipedrive company account."""

    type: Literal["pipedrive"] = Field(description='"pipedrive"')
    company: Text | None = Field(
        default=None, description="the company's name in its Pipedrive address"
    )
    api_token: Secret | None = Field(default=None, description=_SECRET)
    client_id: Secret | None = Field(default=None, description=_SECRET)
    client_secret: Secret | None = Field(default=None, description=_SECRET)
    refresh_token: Secret | None = Field(default=None, description=_SECRET)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        self.require_one_of(("api_token",), ("client_id", "client_secret", "refresh_token"))
        return self


class ZohoSource(CrmSource):
    """A Zoho CRM organisation."""

    type: Literal["zoho"] = Field(description='"zoho"')
    data_center: Literal["com", "eu", "in", "com.au", "jp", "com.cn", "ca", "sa"] = Field(
        default="com", description="com, eu, in, com.au, jp, com.cn, ca or sa"
    )
    client_id: Secret = Field(description=_SECRET)
    client_secret: Secret = Field(description=_SECRET)
    refresh_token: Secret = Field(description=_SECRET)
    history_time: Literal["entered", "left"] = Field(
        default="entered",
        description='"entered" or "left": whether a history row has the time at which its stage '
        "began or ended",
    )
    lead_history_module: Text | None = Field(
        default=None,
        description="the API name of the module that tracks Lead_Status, if there is one",
    )
    lost_lead_statuses: tuple[Text, ...] = Field(
        default=("Junk Lead", "Lost Lead", "Not Qualified"),
        description="a list of lead statuses, as the organisation names them",
    )


class NeocrmSource(CrmSource):
    """A tenant of 销售易 (Neocrm). Its interface is not published: what may differ is a setting."""

    type: Literal["neocrm"] = Field(description='"neocrm"')
    timezone: TimeZone = Field(
        default="Asia/Shanghai", description="an IANA time zone, such as Asia/Shanghai"
    )
    login_url: WebAddress = Field(default="https://login.xiaoshouyi.com", description=_ADDRESS)
    token_path: Text = Field(
        default="/auc/oauth2/token", description="a path such as /auc/oauth2/token"
    )
    client_id: Secret = Field(description=_SECRET)
    client_secret: Secret = Field(description=_SECRET)
    redirect_uri: Text = Field(default="https://api.xiaoshouyi.com", description="a web address")
    username: Secret = Field(description=_SECRET)
    password: Secret = Field(description=_SECRET)
    security_token: Secret | None = Field(default=None, description=_SECRET)
    bearer: StrictBool = Field(default=True, description="true or false")
    currency: Currency = Field(default="CNY", description="three upper-case letters, such as CNY")
    won_stages: tuple[Text, ...] = Field(
        default=("赢单", "成交", "Won", "Closed Won"),
        description="a list of names of stages in which a deal is won",
    )
    lost_stages: tuple[Text, ...] = Field(
        default=("输单", "丢单", "Lost", "Closed Lost"),
        description="a list of names of stages in which a deal is lost",
    )
    converted_lead_statuses: tuple[Text, ...] = Field(
        default=("已转换", "Converted"),
        description="a list of names of lead statuses that mean converted",
    )
    lost_lead_statuses: tuple[Text, ...] = Field(
        default=("无效", "关闭", "Disqualified"),
        description="a list of names of lead statuses that mean disqualified",
    )
    left_out_fields: tuple[Text, ...] = Field(
        default=(), description="a list of API names of fields that queries must leave out"
    )

    @classmethod
    def circumstances(cls) -> frozenset[str]:
        """Return the keys that say how the tenant is reached, not what its records mean."""
        return super().circumstances() | {"token_path", "bearer"}
