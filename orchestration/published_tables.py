"""Which tables are published, and how they are laid out."""

from __future__ import annotations

PUBLISHED_TABLES = (
    "dim_date",
    "dim_owner",
    "dim_stage",
    "fct_deal_changes",
    "fct_deals",
    "fct_fx_rates",
    "fct_leads",
    "fct_pipeline_daily",
    "fct_stage_transitions",
    "mart_close_date_moves",
    "mart_deal_alerts",
    "mart_deal_forecast",
    "mart_forecast",
    "mart_forecast_accuracy",
    "mart_forecast_scorecard",
    "mart_funnel_conversion",
    "mart_period_win_rate",
    "mart_pipeline_summary",
    "mart_pipeline_waterfall",
    "mart_quality_checks",
    "mart_quarantine",
    "mart_required_leads",
    "mart_sales_velocity",
    "mart_source_status",
    "mart_stage_flow",
    "mart_stage_velocity",
    "mart_target_attainment",
    "mart_win_rate_calibration",
)

# Large and in the order of their days or months: one Parquet file a month, and of days that can't
# have changed the published copy stays.
BY_MONTH = {
    "fct_deal_changes": "changed_on",
    "fct_pipeline_daily": "snapshot_date",
    "fct_stage_transitions": "transitioned_on",
    "mart_pipeline_summary": "snapshot_date",
}
