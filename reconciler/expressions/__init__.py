"""Expressions in CEL, of a policy's rules: what they can name, checked where they are read, asked of a plan."""
