"""The sales funnel and pipeline warehouse, from the sources to the published marts."""

import warnings

# One run for a range of days rests on a backfill policy, which the orchestrator calls beta at every
# single asset. The version is pinned.
warnings.filterwarnings("ignore", message=".*`backfill_policy`.*currently in beta")
