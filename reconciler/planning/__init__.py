"""From what is declared and what is live to a plan: canonical form, diff, planner, guards, the plan file. Pure."""
