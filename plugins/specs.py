"""What extensions may add. What is built in comes through the same hooks."""

import pluggy

from plugins import PROJECT
from plugins.scoring import Scorer

hookspec = pluggy.HookspecMarker(PROJECT)


@hookspec
def vbs_scorers() -> list[Scorer]:  # type: ignore[empty-body]
    """Rules that say how good an answer is."""
