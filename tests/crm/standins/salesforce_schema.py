"""The objects of a Salesforce org and their fields, and how an org may be set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

_SYSTEM = {
    "CreatedDate": "datetime",
    "CreatedById": "reference",
    "SystemModstamp": "datetime",
}
_CURRENCY = {"CurrencyIsoCode": "picklist"}
TYPES: dict[str, dict[str, str]] = {
    "Opportunity": {
        "Id": "id",
        "IsDeleted": "boolean",
        "AccountId": "reference",
        "RecordTypeId": "reference",
        "Name": "string",
        "StageName": "picklist",
        "Amount": "currency",
        "Probability": "percent",
        "CloseDate": "date",
        "LeadSource": "picklist",
        "IsClosed": "boolean",
        "IsWon": "boolean",
        "OwnerId": "reference",
        **_SYSTEM,
        "LastModifiedDate": "datetime",
        "LastStageChangeDate": "datetime",
        "Loss_Reason__c": "string",
        "Site__c": "location",
        "Site__Latitude__s": "double",
        **_CURRENCY,
    },
    "OpportunityHistory": {
        "Id": "id",
        "OpportunityId": "reference",
        "StageName": "picklist",
        "Amount": "currency",
        "Probability": "percent",
        "CloseDate": "date",
        "IsDeleted": "boolean",
        **_SYSTEM,
        **_CURRENCY,
    },
    "OpportunityFieldHistory": {
        "Id": "id",
        "IsDeleted": "boolean",
        "OpportunityId": "reference",
        "CreatedById": "reference",
        "CreatedDate": "datetime",
        "Field": "picklist",
        "DataType": "picklist",
        "OldValue": "anyType",
        "NewValue": "anyType",
    },
    "Lead": {
        "Id": "id",
        "IsDeleted": "boolean",
        "MasterRecordId": "reference",
        "LastName": "string",
        "FirstName": "string",
        "Name": "string",
        "Company": "string",
        "Address": "address",
        "Country": "string",
        "LeadSource": "picklist",
        "Status": "picklist",
        "OwnerId": "reference",
        "IsConverted": "boolean",
        "ConvertedDate": "date",
        "ConvertedOpportunityId": "reference",
        **_SYSTEM,
        **_CURRENCY,
    },
    "User": {
        "Id": "id",
        "Name": "string",
        "FirstName": "string",
        "Email": "email",
        "Address": "address",
        "Country": "string",
        "IsActive": "boolean",
        "UserRoleId": "reference",
        "ManagerId": "reference",
        **_SYSTEM,
    },
    "UserRole": {"Id": "id", "Name": "string", "SystemModstamp": "datetime"},
    "Group": {"Id": "id", "Name": "string", "Type": "picklist", "SystemModstamp": "datetime"},
    "RecordType": {
        "Id": "id",
        "Name": "string",
        "DeveloperName": "string",
        "SobjectType": "picklist",
        "IsActive": "boolean",
        "SystemModstamp": "datetime",
    },
    "OpportunityStage": {
        "Id": "id",
        "ApiName": "string",
        "MasterLabel": "string",
        "SortOrder": "int",
        "DefaultProbability": "percent",
        "IsActive": "boolean",
        "IsClosed": "boolean",
        "IsWon": "boolean",
        "SystemModstamp": "datetime",
    },
    "LeadStatus": {
        "Id": "id",
        "ApiName": "string",
        "MasterLabel": "string",
        "SortOrder": "int",
        "IsConverted": "boolean",
        "IsDefault": "boolean",
        "SystemModstamp": "datetime",
    },
    "CurrencyType": {
        "Id": "id",
        "IsoCode": "picklist",
        "ConversionRate": "double",
        "IsActive": "boolean",
        "IsCorporate": "boolean",
        "SystemModstamp": "datetime",
    },
    "DatedConversionRate": {
        "Id": "id",
        "IsoCode": "picklist",
        "StartDate": "date",
        "NextStartDate": "date",
        "ConversionRate": "double",
        "SystemModstamp": "datetime",
    },
    "FieldDefinition": {
        "QualifiedApiName": "string",
        "EntityDefinition.QualifiedApiName": "string",
        "IsFieldHistoryTracked": "boolean",
    },
}
TYPES["LeadHistory"] = {
    ("LeadId" if name == "OpportunityId" else name): type_
    for name, type_ in TYPES["OpportunityFieldHistory"].items()
}
COMPOUNDS = {
    "FirstName": "Name",
    "LastName": "Name",
    "Country": "Address",
    "Site__Latitude__s": "Site__c",
}


@dataclass
class Habits:
    """How an org is set up. ``hidden`` are fields that field-level security keeps from the login,
    as ``Object.Field``; ``purged_after`` is how long a deleted record stays in the recycle bin."""

    several_currencies: bool = True
    dated_rates: bool = True
    tracks_deals: bool = True
    tracks_leads: bool = True
    hidden: frozenset[str] = frozenset()
    purged_after: timedelta | None = None
    more_fields: dict[str, dict[str, str]] = field(default_factory=dict)
