{# Every row satisfies a condition, which also holds where it can't be told (null). A returned row
   does not. #}
{% test every_row(model, satisfies) %}
select *
from {{ changed_part(model) }} as part
where not ({{ satisfies }})
{% endtest %}
