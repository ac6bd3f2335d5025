{#
    How the daily pipeline is kept up to date at the cost of what changed.

    After each build the spans and rates that it rests on are remembered. The next build compares:
    deals whose spans differ, or whose currency has another rate on one of their days, lose all
    their days and are laid out anew; days beyond `as_of` go; all else stays as it is.
#}
{% macro changed_deals_relation() -%}
    conformed.changed_deals
{%- endmacro %}

{% macro forget_changed_deal_days() %}
{% if is_incremental() %}
create or replace table {{ changed_deals_relation() }} as
with differing as (
    (select * from {{ ref('int_deal_days') }} except select * from conformed.built_deal_days)
    union all
    (select * from conformed.built_deal_days except select * from {{ ref('int_deal_days') }})
),
changed_rates as (
    select distinct currency, rate_date from (
        (
            select rate_date, currency, rate_to_reporting from {{ ref('fct_fx_rates') }}
            except
            select rate_date, currency, rate_to_reporting from conformed.built_fx_rates
        )
        union all
        (
            select rate_date, currency, rate_to_reporting from conformed.built_fx_rates
            except
            select rate_date, currency, rate_to_reporting from {{ ref('fct_fx_rates') }}
        )
    )
),
requested as (
    select distinct deal_key from {{ this }}
    where snapshot_date between {{ setting('rebuild_from') }} and {{ setting('rebuild_to') }}
)
select deal_key from differing
union
select days.deal_key
from {{ this }} as days
inner join changed_rates
    on days.currency = changed_rates.currency and days.snapshot_date = changed_rates.rate_date
union
select deal_key from requested;
delete from {{ this }}
where deal_key in (select deal_key from {{ changed_deals_relation() }})
    or snapshot_date > {{ setting('as_of') }}
{% else %}
select 1
{% endif %}
{% endmacro %}

{% macro remember_deal_days() %}
create or replace table conformed.built_deal_days as select * from {{ ref('int_deal_days') }};
create or replace table conformed.built_fx_rates as select * from {{ ref('fct_fx_rates') }}
{% endmacro %}
