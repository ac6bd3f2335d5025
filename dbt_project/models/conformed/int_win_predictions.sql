{{ config(materialized='view') }}

-- The predictions that closed deals are judged by: how likely a win was said to be at the end of a
-- day on which the deal was still open. A deal counts once in each tenth that its probability was
-- ever in, with the first prediction there, under the owner and pipeline of that day.
select * from {{ ref('int_told_predictions') }}
union all
select * from {{ ref('int_model_predictions') }}
