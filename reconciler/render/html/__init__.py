"""A plan as one page that needs nothing else: it can be sent, filtered, printed, read on a phone and read out.

No network, no address from elsewhere: style, script and drawings are in the page, and its content security policy
lets nothing else in. What a script adds (filters) is an addition: without one everything can be read.
"""

from reconciler.render.html.page import plan

__all__ = ["plan"]
