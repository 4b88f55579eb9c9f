"""How soon a thousand watchers hear what ten jobs report, and what they cost."""
