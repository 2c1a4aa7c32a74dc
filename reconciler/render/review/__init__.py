"""What a reviewer reads of plans in a pull request, part by part; ``render/plan_markdown.py`` puts it together."""
