{#
    Facts in the order of their days, or of their months and within a month as takes least space.
    The rows before the earliest day on which anything that they rest on differs stay as they are;
    from that day on (from the first of its month on) they are laid out anew, in order, so that
    the table is the one that a rebuild makes, row for row, and the published copy of the days
    before it can stay as well.

    What a fact rests on is named without a reference here: its query refers to it, or to what is
    made of it.
#}

{#
    Configures a dated fact: `day` is its column, `bases` what it rests on (see `changed_days`), and
    `order` the unit of time whose order its rows are in, `day` or `month`.
#}
{% macro keep_by_day(day, bases, order='day') -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        meta={'kept': {'day': day}},
        pre_hook=["{{ forget_days(" ~ day | tojson ~ ", " ~ bases | tojson ~ ", " ~ order | tojson ~ ") }}"],
    ) }}
{%- endmacro %}

{#
    Configures a table with a row for each of many periods, kept likewise: the periods that end
    before the earliest day on which anything differs stay. Its query asks once for that day,
    `first_day_of_periods`, names the periods to lay out anew by it (`periods_from`), and reads the
    deals that matter to them (`moments_of_periods`).
#}
{% macro keep_by_period() -%}
    {{ keep_by_day('period_end', period_bases()) }}
{%- endmacro %}

{% macro period_bases() -%}
    {{ return(['int_pipeline_moments', 'int_fx_rates', 'days', 'requested']) }}
{%- endmacro %}

{% macro first_day_of_periods() -%}
    {{ return(first_day(period_bases())) }}
{%- endmacro %}

{# A condition that holds for the periods (rows with a `period_end`) that are laid out anew. #}
{% macro periods_from(from_day, periods) -%}
    {{ periods }}.period_end >= {{ from_day }}
{%- endmacro %}

{# The first day of the earliest period that is laid out anew. #}
{% macro start_of_periods(from_day) -%}
    (
        select min(began.period_start) from {{ ref('int_periods') }} as began
        where {{ periods_from(from_day, 'began') }}
    )
{%- endmacro %}

{# The moments of deals that were in the pipeline in these periods, the earlier ones too. #}
{% macro moments_of_periods(from_day) -%}
    {#- Named here, because dbt looks for references where nothing is extended. -#}
    {%- set deals = ref('fct_deals') -%}
    (
        select * from {{ ref('int_pipeline_moments') }}
        {%- if is_incremental() %}
        where deal_key in (
            select deal_key from {{ ref('int_pipeline_moments') }}
            where happened_on >= {{ start_of_periods(from_day) }}
            union all
            select deal_key from {{ deals }}
            where not (is_won or is_lost or is_deleted)
        )
        {%- endif %}
    )
{%- endmacro %}

{% macro forget_days(day, bases, order) %}
{%- set from_day = first_day(bases, order) -%}
insert into conformed.laid_out values ('{{ this.identifier }}', {{ from_day }});
insert into conformed.attempted_days values ('{{ this.identifier }}', {{ from_day }})
{%- if is_incremental() %};
delete from {{ this }} where {{ day }} >= {{ from_day }}
{%- endif %}
{% endmacro %}

{# The first day to lay out, as a literal: so a scan can leave out what lies before it. #}
{% macro first_day(bases, order='day') -%}
    {%- if not (extends_a_build() and is_incremental()) -%}
        date '0001-01-01'
    {%- else -%}
        {%- set days -%}
            select date_trunc('{{ order }}', least(
                {%- for base in bases %}
                ({{ changed_days(base) }}),
                {%- endfor %}
                (
                    select min(first_day) from conformed.attempted_days
                    where table_name = '{{ this.identifier }}'
                ),
                date '9999-12-31'
            ))::date
        {%- endset -%}
        date '{{ run_query(days).columns[0].values()[0] }}'
    {%- endif -%}
{%- endmacro %}

{# A query for the earliest day on which one base differs from what the last complete build had. #}
{% macro changed_days(base) -%}
    {%- if base in noted_tables() -%}
        select first_day from conformed.changed_days where table_name = '{{ base }}'
    {%- elif base == 'int_fx_rates' -%}
        select min(rate_date) from ({{ differing('int_fx_rates') }})
    {%- elif base == 'int_owner_versions' -%}
        select min(greatest(spans.valid_from, owners.valid_from))
        from ({{ differing('int_owner_versions') }}) as owners
        inner join conformed.int_deal_days as spans on owners.owner_key = spans.owner_key
    {%- elif base == 'int_deal_origins' and not was_exchanged(base) -%}
        select null::date
    {%- elif base == 'int_deal_origins' -%}
        select min(valid_from) from conformed.int_deal_days
        where deal_key in (select deal_key from ({{ exchanged('int_deal_origins', "'deal'", 'deal_key') }}))
    {%- elif base == 'days' -%}
        select least(as_of, {{ setting('as_of') }}) + 1 from conformed.built_until
    {%- elif base == 'requested' -%}
        select {{ setting('rebuild_from') }}
    {%- endif -%}
{%- endmacro %}

{#
    Kept tables that note, once they are built, the earliest day on which they differ from what the
    last complete build had (`conformed.changed_days`): many facts ask for it.
#}
{% macro noted_tables() -%}
    {{ return(['int_stage_transitions', 'int_record_states', 'int_deal_days', 'int_pipeline_moments']) }}
{%- endmacro %}

{% macro note_changed_day() -%}
    {%- set kept = this.identifier -%}
    {%- if kept in noted_tables() and extends_a_build() and was_exchanged(kept) -%}
delete from conformed.changed_days where table_name = '{{ kept }}';
insert into conformed.changed_days
select '{{ kept }}', (
    {%- if kept == 'int_stage_transitions' -%}
    {{ changed_rows(kept, 'transitioned_on', 'entity_type', 'entity_key') }}
    {%- elif kept == 'int_record_states' -%}
    {{ changed_rows(kept, 'happened_on', 'entity_type', 'entity_key') }}
    {%- elif kept == 'int_pipeline_moments' -%}
    {{ changed_rows(kept, 'happened_on', "'deal'", 'deal_key') }}
    {%- elif kept == 'int_deal_days' -%}
    {{ changed_spans() }}
    {%- endif -%}
)
    {%- else -%}
select 1
    {%- endif -%}
{%- endmacro %}

{# Whether any record of a kept table was derived anew since the last complete build. #}
{% macro was_exchanged(kept) -%}
    {%- set former -%}
        select count(*) from duckdb_tables()
        where database_name = '{{ this.database }}' and schema_name = 'conformed'
            and table_name = 'former_{{ kept | replace('int_', '') }}'
    {%- endset -%}
    {{ return(run_query(former).columns[0].values()[0] > 0) }}
{%- endmacro %}

{# The rows of changed records in which a kept table differs from before. #}
{% macro exchanged(kept, entity_type, entity_key) -%}
    {%- set former = 'conformed.former_' ~ kept | replace('int_', '') -%}
    {%- set present -%}
        from conformed.{{ kept }}
        where ({{ entity_type }}, {{ entity_key }}) in (
            select (entity_type, entity_key) from {{ former }}_records
        )
    {%- endset -%}
    (from {{ former }} except all {{ present }})
        union all
        ({{ present }} except all from {{ former }})
{%- endmacro %}

{% macro changed_rows(kept, day, entity_type, entity_key) -%}
    select min({{ day }}) from ({{ exchanged(kept, entity_type, entity_key) }})
{%- endmacro %}

{# A span that only ends elsewhere differs from the earlier one of both ends on. #}
{% macro changed_spans() -%}
    {%- set former = 'conformed.former_deal_days' -%}
    {%- set columns = adapter.get_columns_in_relation(api.Relation.create(database=this.database, schema='conformed', identifier='int_deal_days')) | map(attribute='name') | list -%}
    select min(
        case
            when former.deal_key is null then present.valid_from
            when present.deal_key is null then former.valid_from
            else least(
                coalesce(former.valid_to, date '9999-12-31'),
                coalesce(present.valid_to, date '9999-12-31')
            )
        end
    )
    from {{ former }} as former
    full join (
        from conformed.int_deal_days
        where deal_key in (select entity_key from {{ former }}_records where entity_type = 'deal')
    ) as present
        on {% for column in columns if column != 'valid_to' -%}
        former.{{ column }} is not distinct from present.{{ column }}
        {{- " and " if not loop.last }}
        {%- endfor %}
    where former.deal_key is null or present.deal_key is null
        or former.valid_to is distinct from present.valid_to
{%- endmacro %}
