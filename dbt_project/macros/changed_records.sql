{#
    How a build costs what changed and gives what a rebuild gives.

    A build derives anew the past of every lead and deal about which something landed since the last
    complete build, or for which something changed that it shares with others (stage lists, owners,
    rates, the last day): `int_changed_records`. Three kinds of tables follow:

    - working tables hold the changed records alone (materialized as usual);
    - kept tables hold all of them, and exchange the rows of the changed ones (`keep_by_record`);
    - dated facts are kept in the order of their days, and laid out anew from the earliest day on
      which one of the kept tables that they rest on differs from before (see dated_facts.sql).

    What the next build compares with is remembered only when everything has been built
    (`orchestration.warehouse.memory`). A build that broke off, or that made some tables only,
    leaves it, so the next one finds the same changes again, and more. What such a build derived may
    rest on what no longer holds (a day that is not reported any more, a list that was taken back),
    so it stays changed until a build is complete: `attempted_records`, `attempted_days`.
#}
{% macro extends_a_build() -%}
    {#- A unit test has no table of its own, and reads what it is given. -#}
    {%- if execute and this -%}
        {{ return(load_cached_relation(api.Relation.create(database=this.database, schema='conformed', identifier='built_loads')) is not none) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{# A condition that holds for records about which something landed: of versions and history. #}
{% macro has_news(entity_type, entity_key) -%}
    {{ in_records('int_records_with_news', entity_type, entity_key) }}
{%- endmacro %}

{# A condition that holds for records whose past is derived anew. #}
{% macro has_changed(entity_type, entity_key) -%}
    {{ in_records('int_changed_records', entity_type, entity_key) }}
{%- endmacro %}

{# Leads and deals whose past is derived anew, one row each, with columns that both facts have. #}
{% macro changed_leads_and_deals(columns) -%}
    select 'deal' as entity_type, deal_key as entity_key, {{ columns | join(', ') }}
    from {{ ref('fct_deals') }}
    where {{ has_changed("'deal'", 'deal_key') }}
    union all
    select 'lead' as entity_type, lead_key as entity_key, {{ columns | join(', ') }}
    from {{ ref('fct_leads') }}
    where {{ has_changed("'lead'", 'lead_key') }}
{%- endmacro %}

{# By name, not by reference: what reads it rests on it already through its other inputs. #}
{% macro in_records(records, entity_type, entity_key) -%}
    {%- if not extends_a_build() -%}
        {{ in_slice(entity_key) }}
    {%- elif entity_type in ("'deal'", "'lead'") -%}
        {{ entity_key }} in (select entity_key from conformed.{{ records }} where entity_type = {{ entity_type }})
    {%- else -%}
        ({{ entity_type }}, {{ entity_key }}) in (select (entity_type, entity_key) from conformed.{{ records }})
    {%- endif -%}
{%- endmacro %}

{#
    Configures a kept table: the query gives the rows of the changed records, which take the place
    of their former ones. With `remembered`, the former rows stay beside it until the build is
    complete, so that dated facts can tell from which day on they differ. `slices_at_once`: how many
    slices of records a build of everything takes at once (see slices.sql); 0: all.
#}
{% macro keep_by_record(entity_type, entity_key, records='int_changed_records', remembered=false, slices_at_once=0) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='exchange',
        meta={
            'kept': {'entity_type': entity_type, 'entity_key': entity_key, 'records': records},
            'slices_at_once': slices_at_once,
        },
        pre_hook=[
            "{{ exchange_records(" ~ entity_type | tojson ~ ", " ~ entity_key | tojson ~ ", " ~ records | tojson ~ ", " ~ remembered ~ ") }}",
            "{{ begin_slices() }}",
        ],
        post_hook=["{{ add_slices() }}"] + (["{{ note_changed_day() }}"] if remembered else []),
    ) }}
{%- endmacro %}

{#
    Rows of other records don't come in, whatever the query gives: what it reads may hold everything
    still, where it was built before there was a build to extend and a table is now built alone.
#}
{% macro get_incremental_exchange_sql(arguments) -%}
    {%- set kept = config.get('meta').kept -%}
    {%- set columns = get_quoted_csv(arguments.dest_columns | map(attribute='name')) -%}
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }}
    where {{ in_records(kept.records, kept.entity_type, kept.entity_key) }}
{%- endmacro %}

{% macro exchange_records(entity_type, entity_key, records, remembered) %}
{%- if not is_incremental() -%}
select 1
{%- elif not extends_a_build() -%}
delete from {{ this }}
{%- else -%}
insert into conformed.attempted_records
select '{{ records }}', entity_type, entity_key from conformed.{{ records }}
except
from conformed.attempted_records;
{% if remembered -%}
{%- set former = 'conformed.former_' ~ this.identifier | replace('int_', '') -%}
create table if not exists {{ former }}_records (entity_type varchar, entity_key varchar);
create table if not exists {{ former }} as from {{ this }} limit 0;
insert into {{ former }}
from {{ this }}
where {{ in_records(records, entity_type, entity_key) }}
    and ({{ entity_type }}, {{ entity_key }}) not in (select (entity_type, entity_key) from {{ former }}_records);
insert into {{ former }}_records
select entity_type, entity_key from conformed.{{ records }}
where (entity_type, entity_key) not in (select (entity_type, entity_key) from {{ former }}_records);
{% if this.identifier in noted_tables() -%}
-- Until the rows are there, any day may differ.
delete from conformed.changed_days where table_name = '{{ this.identifier }}';
insert into conformed.changed_days values ('{{ this.identifier }}', date '0001-01-01');
{% endif %}
{%- endif %}
delete from {{ this }} where {{ in_records(records, entity_type, entity_key) }}
{%- endif -%}
{% endmacro %}

{# Records that a build took for changed (`records` names as which) since the last complete one. #}
{% macro attempted(records) -%}
    select entity_type, entity_key from conformed.attempted_records where records = '{{ records }}'
{%- endmacro %}

{# Rows of a small shared table that the last complete build had otherwise, and those of this one. #}
{% macro differing(model_name) -%}
    (from conformed.{{ model_name }} except from conformed.{{ model_name | replace('int_', 'built_') }})
        union all
        (from conformed.{{ model_name | replace('int_', 'built_') }} except from conformed.{{ model_name }})
{%- endmacro %}

{#
    The part of a kept table or dated fact that is not the same as when its checks last passed: all
    that a check of single rows, or within one record or day, has to look at. Any other table whole.
#}
{% macro changed_part(relation) -%}
    {%- set kept = namespace(by={}) -%}
    {%- if execute and relation.identifier and extends_a_build() -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == relation.identifier -%}
            {%- set kept.by = node.config.meta.get('kept', {}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if kept.by.day -%}
        (select * from {{ relation }} where {{ kept.by.day }} >= settings.laid_out_from('{{ relation.identifier }}'))
    {%- elif kept.by.records -%}
        (select * from {{ relation }} where {{ in_records(kept.by.records, kept.by.entity_type, kept.by.entity_key) }})
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
