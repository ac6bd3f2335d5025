{{ config(materialized='view') }}

with deals as (
    select * from {{ ref('int_open_deals') }}
)

select * from {{ by_dimension('deals') }}
