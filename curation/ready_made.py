"""Views that are asked for most, as addresses: the page of an export offers them, and earlier clients name some."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from schemas.states import ExampleStatus
from schemas.tables.base import now

HIGH: Final = 0.8
RECENT: Final = timedelta(days=30)


class ReadyMade(NamedTuple):
    title: str
    address: Mapping[str, str]


def ready_made() -> Mapping[str, ReadyMade]:
    return {
        "all": ReadyMade("All examples", {}),
        "approved": ReadyMade("All approved", {"status": ExampleStatus.APPROVED}),
        "gold": ReadyMade("All gold", {"gold": "yes"}),
        "quality_high": ReadyMade(f"Score of at least {HIGH}", {"score_from": f"{HIGH}"}),
        "recent": ReadyMade(f"Changed in the last {RECENT.days} days", {"changed_since": f"{now() - RECENT:%Y-%m-%d}"}),
    }
