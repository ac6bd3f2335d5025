-- A returned row is a period in which a count of some dimension does not sum to that of `all`.
{% set columns = [
    'due', 'lost', 'won', 'removed', 'pushed_out', 'pulled_in', 'still_due', 'entered_due',
    'overdue_at_start'
] %}
with summed as (
    select
        period,
        period_start,
        dimension,
        {% for column in columns -%}
        sum({{ column }}) as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('mart_close_date_moves') }}
    group by all
)

select period, period_start
from summed
group by all
having count(*) <> 7
    {% for column in columns -%}
    or min({{ column }}) <> max({{ column }})
    {% endfor %}
