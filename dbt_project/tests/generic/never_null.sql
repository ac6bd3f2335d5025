{# The columns are filled in every row. A returned row has a null in one of them. #}
{% test never_null(model, columns) %}
select *
from {{ changed_part(model) }} as part
where {{ columns | join(' is null or ') }} is null
{% endtest %}
