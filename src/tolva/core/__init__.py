"""Pure rules of jobs: states, legal moves, retry, cron, and the ports. No input or output."""
