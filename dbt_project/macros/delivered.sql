{#
    One kind of delivered row from all sources, in one shape.

    `branches`  a staging model that has the shape already (rows set aside are left out), or a
                source's mapping `int_<source>__<kind>`: one line a source
    `columns`   names -> type of what this kind carries beside its delivery; a column that a
                branch lacks is null there
    `about`     the lead or deal that a row is about (expressions of its kind and id, and of the
                row's own id where a row can turn to another record): only those about which
                something landed are united (see changed_records.sql)
#}
{% macro union_delivered(branches, columns, about=none) %}
{{ config(materialized='view') }}
{%- set shape = dict({
    'source_name': 'varchar', 'load_id': 'varchar', 'ordinal': 'bigint',
    'known_at': 'timestamptz', 'is_first_extraction': 'boolean', 'extracted_at': 'timestamptz',
    'is_absent': 'boolean',
}, **columns) -%}
with shape as (
    select
        {%- for name, type in shape.items() %}
        null::{{ type }} as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    where false
),

-- Read twice, and few of its rows are wanted: put aside, all of them would be written first.
delivered as not materialized (
    select * from shape
    {%- for branch in branches %}
    union all by name
    select * from {{ ref(branch) }}
    {%- if branch.startswith('stg_') %}
    where quarantine is null
    {%- endif %}
    {%- endfor %}
)

select
    {%- for name, type in shape.items() %}
    {{ name }}::{{ type }} as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
from delivered
{%- if about %}
-- depends_on: {{ ref('int_records_with_news') }}
{%- set is_wanted = has_news(about[0], "source_name || ':' || " ~ about[1]) %}
{%- if about | length > 2 and is_wanted != 'true' %}
-- All versions of the row, whatever record they are about.
where (source_name, {{ about[2] }}) in (
    select (source_name, {{ about[2] }}) from delivered where {{ is_wanted }}
)
{%- else %}
where {{ is_wanted }}
{%- endif %}
{%- endif %}
{% endmacro %}

{#
    Every staging model, for what must hold of all of them. A new staging model is one line.

    `model`, `object`  the staging model and the landed object that it reads
    `kind`             `record` (a lead or deal), `history` (makes one where none is delivered),
                       `about` (tells something of a record that is there), or `reference`
    `entity_type`, `entity_id`, `row_id`
                       SQL expressions: the lead or deal that a row is about, and what identifies
                       the row among those of its object
    `links`            further leads and deals of which the row tells: pairs of expressions
    `shapes_records`   of reference data that says how leads and deals are read: with each change,
                       all of the source are read anew
#}
{% macro staged_objects() %}
{{ return([
    {'model': 'stg_files__deals', 'object': 'deals', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'deal_id'},
    {'model': 'stg_files__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'lead_id'},
    {'model': 'stg_files__stage_history', 'object': 'stage_history', 'kind': 'history', 'entity_type': 'entity_type', 'entity_id': 'entity_id', 'row_id': 'record_id'},
    {'model': 'stg_files__stages', 'object': 'stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_files__owners', 'object': 'owners', 'kind': 'reference', 'row_id': 'owner_id'},
    {'model': 'stg_files__targets', 'object': 'targets', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_files__fx_rates', 'object': 'fx_rates', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_neocrm__stages', 'object': 'stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_neocrm__fields', 'object': 'fields', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_neocrm__departments', 'object': 'departments', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_neocrm__users', 'object': 'users', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_neocrm__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'record_id', 'row_id': 'record_id'},
    {'model': 'stg_neocrm__opportunities', 'object': 'opportunities', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'record_id', 'row_id': 'record_id'},
    {'model': 'stg_hubspot__account', 'object': 'account', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_hubspot__owners', 'object': 'owners', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_hubspot__deal_stages', 'object': 'deal_stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_hubspot__lead_stages', 'object': 'lead_stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_hubspot__exchange_rates', 'object': 'exchange_rates', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_hubspot__deals', 'object': 'deals', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'deal_id', 'links': [("'deal'", 'unnest(merged_ids)')]},
    {'model': 'stg_hubspot__deal_changes', 'object': 'deal_changes', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id', 'links': [("'deal'", "unnest(case when property = 'hs_merged_object_ids' then string_split(value, ';') end)")]},
    {'model': 'stg_hubspot__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'lead_id', 'links': [("'lead'", 'unnest(merged_ids)')]},
    {'model': 'stg_hubspot__lead_changes', 'object': 'lead_changes', 'kind': 'about', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id', 'links': [("'lead'", "unnest(case when property = 'hs_merged_object_ids' then string_split(value, ';') end)")]},
    {'model': 'stg_hubspot__lead_deals', 'object': 'lead_deals', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id', 'links': [("'lead'", 'lead_id')]},
    {'model': 'stg_pipedrive__deals', 'object': 'deals', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'deal_id', 'links': [("'lead'", 'lead_id')]},
    {'model': 'stg_pipedrive__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'lead_id'},
    {'model': 'stg_pipedrive__deal_changes', 'object': 'deal_changes', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_pipedrive__pipelines', 'object': 'pipelines', 'kind': 'reference', 'row_id': 'pipeline_id'},
    {'model': 'stg_pipedrive__stages', 'object': 'stages', 'kind': 'reference', 'row_id': 'stage_id'},
    {'model': 'stg_pipedrive__users', 'object': 'users', 'kind': 'reference', 'row_id': 'owner_id'},
    {'model': 'stg_salesforce__opportunities', 'object': 'opportunities', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__opportunity_history', 'object': 'opportunity_history', 'kind': 'history', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__opportunity_field_history', 'object': 'opportunity_field_history', 'kind': 'history', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__lead_history', 'object': 'lead_history', 'kind': 'history', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__deleted_opportunities', 'object': 'deleted_opportunities', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__deleted_leads', 'object': 'deleted_leads', 'kind': 'about', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__users', 'object': 'users', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__user_roles', 'object': 'user_roles', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__queues', 'object': 'queues', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__record_types', 'object': 'record_types', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__opportunity_stages', 'object': 'opportunity_stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__pipeline_stages', 'object': 'pipeline_stages', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__lead_statuses', 'object': 'lead_statuses', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__currency_types', 'object': 'currency_types', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__conversion_rates', 'object': 'conversion_rates', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_salesforce__tracked_fields', 'object': 'tracked_fields', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_zoho__org', 'object': 'org', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_zoho__currencies', 'object': 'currencies', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_zoho__users', 'object': 'users', 'kind': 'reference', 'row_id': 'record_id'},
    {'model': 'stg_zoho__deal_stages', 'object': 'deal_stages', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_zoho__lead_statuses', 'object': 'lead_statuses', 'kind': 'reference', 'row_id': 'record_id', 'shapes_records': true},
    {'model': 'stg_zoho__leads', 'object': 'leads', 'kind': 'record', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_zoho__lead_history', 'object': 'lead_history', 'kind': 'about', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_zoho__deals', 'object': 'deals', 'kind': 'record', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_zoho__deal_history', 'object': 'deal_history', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
    {'model': 'stg_zoho__deleted_leads', 'object': 'deleted_leads', 'kind': 'about', 'entity_type': "'lead'", 'entity_id': 'lead_id', 'row_id': 'record_id'},
    {'model': 'stg_zoho__deleted_deals', 'object': 'deleted_deals', 'kind': 'about', 'entity_type': "'deal'", 'entity_id': 'deal_id', 'row_id': 'record_id'},
]) }}
{% endmacro %}
