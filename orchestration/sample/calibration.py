"""The distributions of the generated company, each constant with the reason for its value.

Only numbers belong here. How they are drawn from stands with the subject that uses them; stage
lists stand in ``stage_lists``, people and places in ``roster``.
"""

from __future__ import annotations

import numpy as np

# --- size and chunks -------------------------------------------------------------------------
# Deals of one chunk: memory stays near 1 GB however large the company is.
CHUNK_DEALS = 200_000
# Sellers: 18 up to 90,000 deals, then one per 5,000, so that tables by owner grow with the company.
SELLERS_AT_LEAST, SELLERS_AT_MOST, DEALS_PER_SELLER = 18, 400, 5_000
# An account buys 1.6 times on average.
DEALS_PER_ACCOUNT = 1.6

# --- arrivals --------------------------------------------------------------------------------
ARRIVAL_GROWTH_PER_YEAR = 0.10
# January to December: a dip in the summer and at the year's end, a push in spring and autumn.
ARRIVAL_SEASON = np.array([0.98, 1.02, 1.08, 1.04, 1.02, 1.00, 0.88, 0.86, 1.06, 1.08, 1.06, 0.92])
# Monday to Sunday: forms on a web site are filled in at weekends too, reps hardly work then.
LEAD_WEEKDAYS = np.array([1.05, 1.10, 1.05, 1.00, 0.90, 0.25, 0.25])
DEAL_WEEKDAYS = np.array([1.05, 1.10, 1.05, 1.00, 0.90, 0.05, 0.03])
# Share of leads that arrive at any hour instead of in office hours.
ANY_HOUR_SHARE = 0.30

# --- office time -----------------------------------------------------------------------------
# Weight of the hours 8 to 18: two humps around the lunch break.
OFFICE_HOURS = np.array([0.5, 1.2, 1.5, 1.4, 0.7, 0.8, 1.3, 1.4, 1.2, 0.7, 0.2])
# A change due at a weekend waits for Monday, but for this share: 2/7 of it gives the 4 % of
# closings that real pipelines show at weekends.
WEEKEND_KEPT_SHARE = 0.14
# Share of changes that carry the very time stamp of the change before (automations, two clicks
# within one second).
SAME_INSTANT_SHARE = 0.008
# Closings due up to six weeks before a quarter's end wait for its last two weeks, those due in
# the first three weeks after it are pulled in. Won deals more than lost ones. Together the last
# two weeks get about 1.4 times their share.
QUARTER_END_DAYS = 14
QUARTER_WAIT_DAYS, QUARTER_PULL_DAYS = 45, 21
QUARTER_WAIT_SHARE = {True: 0.24, False: 0.09}
QUARTER_PULL_SHARE = {True: 0.34, False: 0.14}

# --- leads -----------------------------------------------------------------------------------
# 30 % of the leads are converted, nearly all of them with a deal. With a win rate near 37 %
# over both pipelines this gives 0.30 x 0.945 x 0.37 = 10.5 % from lead to won.
LEAD_FATES = ("deal", "handed_over", "disqualified", "stuck")
LEAD_FATE_SHARES = np.array([0.30 * 0.945, 0.30 * 0.055, 0.64, 0.06])
# Deals that come from a lead; the rest is opened directly.
LEAD_DEAL_SHARE = 0.90
# Ways through N(ew), C(ontacted), Q(ualified), V (converted), D(isqualified) by fate, with shares:
# skipped, reversed and recycled ones among them.
LEAD_PATHS: dict[str, dict[str, float]] = {
    "deal": {"NCQV": 0.70, "NQV": 0.14, "NCV": 0.08, "NCQCQV": 0.05, "NCDCQV": 0.03},
    "handed_over": {"NCQV": 0.75, "NCV": 0.25},
    "disqualified": {
        "ND": 0.38, "NCD": 0.38, "NCQD": 0.15, "NCQCD": 0.04, "NCDCD": 0.03, "NQD": 0.02,
    },
    "stuck": {"N": 0.50, "NC": 0.35, "NCQ": 0.15},
}  # fmt: skip
# Median days in a stage, in the order NCQVD; the last is the rest before a lead is recycled.
LEAD_STAY_DAYS = np.array([1.5, 5.0, 6.0, 0.0, 60.0])
LEAD_STAY_SIGMA = 1.1
LEAD_DELETED_SHARE = 0.006

# Sources: share of the leads, how much likelier they convert, and what they add to the log odds
# of a deal: referrals win, social contacts rarely do.
LEAD_SOURCES = (
    "Web form", "Social", "Trade show", "Referral", "Event", "Call-in", "Trial request",
)  # fmt: skip
SOURCE_SHARES = np.array([0.33, 0.16, 0.12, 0.08, 0.10, 0.09, 0.12])
SOURCE_CONVERSION = np.array([1.0, 0.6, 0.8, 1.8, 0.9, 1.4, 1.5])
SOURCE_WIN_LOGIT = np.array([0.0, -0.45, -0.20, 0.55, -0.10, 0.15, 0.30])
DIRECT_SOURCE_SHARES = np.array([0.05, 0.05, 0.15, 0.40, 0.15, 0.20, 0.0])
NO_SOURCE_SHARE = 0.03

# Chance that each of budget, authority, need and timeline is met, by whether the lead converts.
BANT_MET = {True: np.array([0.70, 0.62, 0.86, 0.60]), False: np.array([0.34, 0.38, 0.55, 0.28])}
BANT_UNKNOWN_SHARE = 0.12
SCORE_MEAN, SCORE_SIGMA = {True: 63.0, False: 42.0}, 17.0
NO_SCORE_SHARE = 0.08

# --- deals: outcome --------------------------------------------------------------------------
# By pipeline: new_business, projects.
PIPELINE_SHARES = np.array([0.70, 0.30])
WIN_RATES = np.array([0.34, 0.45])
# One standard deviation more of log amount costs this much log odds.
AMOUNT_WIN_LOGIT = -0.30
# Spread of the sellers' skill in log odds.
SELLER_SKILL_SIGMA = 0.25

# --- deals: way through the stages -----------------------------------------------------------
# Where a deal is opened, where a lost one is lost, from where a won one is won (open positions).
START_SHARES = (np.array([0.84, 0.12, 0.04, 0, 0, 0, 0]), np.array([0.86, 0.11, 0.03, 0, 0]))
LOSS_SHARES = (
    np.array([0.20, 0.20, 0.16, 0.14, 0.15, 0.10, 0.05]),
    np.array([0.21, 0.24, 0.22, 0.18, 0.15]),
)
WIN_SHARES = (
    np.array([0, 0, 0, 0.02, 0.10, 0.16, 0.72]),
    np.array([0, 0, 0.03, 0.12, 0.85]),
)
# A step forward passes over one stage or two.
SKIP_SHARES = np.array([0.36, 0.20])
SKIP_TWO_SHARE = 0.25
# A step back goes one or two stages. Few deals waver: these make the histories of up to 20 steps.
BACK_SHARE, BACK_TWO_SHARE = 0.045, 0.25
WAVERING_SHARE, WAVERING_BACK_SHARE = 0.015, 0.45
# Stage changes of one deal, its creation and closing included.
STAGE_CHANGES_AT_MOST = 20

# Median days in a stage; together with skips and losses on the way they give sales cycles with a
# median of 38 and 66 days.
STAY_DAYS = (
    np.array([5.6, 6.7, 4.9, 7.1, 7.8, 5.8, 4.1]),
    np.array([12.0, 12.8, 13.7, 12.8, 11.2]),
)
STAY_SIGMA = 0.95
# One pace for all stages of a deal: a slow customer is slow everywhere.
PACE_SIGMA = 0.45
# Forgotten deals: a Pareto tail (infinite variance) on a few stays.
TAIL_SHARE, TAIL_EXPONENT = 0.03, 1.5
# The last stay before a loss: nobody hurries to close what will not come.
LOSS_STAY_FACTOR = 2.3
# A quote is valid for 30 days. Most customers who are still silent then answer on that very day.
EXPIRY_DAYS, EXPIRY_SHARE = 30, 0.75
EXPIRING_POSITIONS = np.array([4, 4])  # Proposal, Contract

# --- deals: untidy kinds ---------------------------------------------------------------------
REOPENED_AFTER_LOSS_SHARE, REOPENED_AFTER_LOSS_DAYS, REOPENED_LOSS_WON_SHARE = 0.045, 45.0, 0.40
REOPENED_AFTER_WIN_SHARE, REOPENED_AFTER_WIN_DAYS, REOPENED_WIN_WON_SHARE = 0.012, 20.0, 0.50
MOVED_SHARE = 0.015
DELETED_SHARE, MERGED_SHARE, REMOVAL_DAYS = 0.012, 0.008, 20.0
HANDED_OVER_SHARE = 0.06
LEAD_OWNER_KEPT_SHARE = 0.85
LOSS_REASONS = (
    "Price", "Competitor", "No budget", "No decision", "Timing", "Product fit", "No response",
)  # fmt: skip
LOSS_REASON_SHARES = np.array([0.22, 0.18, 0.14, 0.18, 0.10, 0.08, 0.10])
NO_LOSS_REASON_SHARE = 0.08

# --- deals: amounts --------------------------------------------------------------------------
# Lognormal; the mixture of both pipelines has a median near 8,000 EUR and a sigma near 1.
AMOUNT_MEDIANS_EUR = np.array([6_900.0, 11_500.0])
AMOUNT_SIGMA = 0.94
# Two thirds are round figures (tens), the rest has cents.
ROUND_AMOUNT_SHARE = 0.66
NO_AMOUNT_SHARE, LATE_AMOUNT_SHARE, ZERO_AMOUNT_SHARE = 0.04, 0.05, 0.003
# A late amount is entered with the quote.
LATE_AMOUNT_POSITIONS = np.array([4, 3])
AMOUNT_CHANGE_SHARE, AMOUNT_CHANGE_MEAN, AMOUNT_CHANGE_SIGMA = 0.16, -0.03, 0.25
# A discount in the last minute.
DISCOUNT_SHARE, DISCOUNT_RANGE = 0.25, (0.88, 0.99)
# One unit in EUR, mean of the years 2015 to 2017: sizes amounts and targets, converts nothing.
CURRENCIES = ("EUR", "USD", "GBP")
EUR_PER_UNIT = np.array([1.0, 0.90, 1.22])

# --- deals: expected close date --------------------------------------------------------------
# Reps expect a deal somewhat earlier than its pipeline closes; half of the dates are month ends.
CLOSE_GUESS_DAYS = np.array([34.0, 58.0])
CLOSE_GUESS_SIGMA = 0.5
MONTH_END_SHARE = 0.5
NO_CLOSE_DATE_SHARE = 0.03
# Dates that nobody keeps up: these deals become overdue. The others are pushed some days after
# the date has passed, by one of these steps.
NEGLECTED_SHARE = 0.12
PUSH_DELAY_DAYS, PUSH_DELAY_SIGMA = 1.5, 0.9
PUSH_STEPS_DAYS, PUSH_STEP_SHARES = np.array([7, 14, 30, 61]), np.array([0.2, 0.35, 0.35, 0.1])
PUSHES_AT_MOST = 15
PUSH_SHRINKS_SHARE = 0.10
# A change of stage brings a new date now and then, sooner or later than the old one.
REDATED_SHARE = 0.18
# A lost deal keeps its last expectation; the others get the day of the closing, as won ones do.
LOST_DATE_SET_SHARE = 0.6

# --- deals: the reps' opinion ----------------------------------------------------------------
# Percentage points above the true chance of the stage, spread between reps and within a rep, and
# how much of the outcome a rep senses.
OPINION_BIAS, OPINION_SELLER_SIGMA, OPINION_SIGMA, OPINION_SENSE = 12.0, 7.0, 10.0, 5.0
NO_OPINION_SHARE = 0.03

# --- targets ---------------------------------------------------------------------------------
# What was won is between 84 and 110 % of a quarter's target: leaves room for other exchange
# rates within 80 to 115 %.
ATTAINMENT_RANGE = (0.84, 1.10)
TARGET_GROWTH_PER_YEAR = 0.10
TARGET_QUARTERS_AHEAD = 2
# Months of a quarter: the last one carries most.
TARGET_MONTH_SHARES = np.array([0.29, 0.31, 0.40])
