{#- 1 is active in every public client; a tenant that says it in words is believed too. -#}
{%- set is_active -%}
case
    when status is not null then {{ first_choice('status') }} in ('1', '激活', '启用', '在职')
end
{%- endset -%}
{{ stage_records(
    'neocrm__users',
    fields={'name': '$.name', 'status': '$.status', 'department': '$.dimDepart'},
    columns={'name': 'name', 'is_active': is_active, 'department': 'department'},
) }}
