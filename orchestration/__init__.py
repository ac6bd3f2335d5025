"""The sales funnel and pipeline warehouse, from the sources to the published marts."""

import os
import warnings

# Before numpy is imported: on the small matrices of a forecast two threads take twice the time of
# one, and sums in another order differ in their last bits.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# One run for a range of days rests on a backfill policy, which the orchestrator calls beta at every
# single asset. The version is pinned.
warnings.filterwarnings("ignore", message=".*`backfill_policy`.*currently in beta")
