{{ config(severity='warn') }}
-- A returned row is a deal or lead whose newest record shows another stage than its delivered
-- history ends with.
select * from {{ ref('int_history_disagreements') }}
