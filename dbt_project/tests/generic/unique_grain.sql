{#
    A table has one row for each combination of the columns of its grain; nulls count as equal.
    A returned row is a combination that several rows share.
#}
{% test unique_grain(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as sharing_rows
from {{ changed_part(model) }} as part
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
