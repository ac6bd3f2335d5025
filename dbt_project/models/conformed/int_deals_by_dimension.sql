{{ config(materialized='view') }}

with deals as (
    select * from {{ ref('int_deal_dimensions') }}
)

select * from {{ by_dimension('deals') }}
