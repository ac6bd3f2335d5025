"""When and how the night runs: jobs, the schedule, notifications."""
