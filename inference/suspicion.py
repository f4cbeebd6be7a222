"""Finding the request that kills an engine.

Whatever was at an engine when it died is suspect. Suspects are tried again while nothing else is at the engine, in
groups that shrink with every death. Most deaths are accidents, so the first groups are large, and cost the innocent
little; after that groups shrink fast, for each death costs a load of the model: five find one culprit among thousands,
where halving would take a dozen. A request that is alone at two deaths is given up; one that an ailing device happened
to drop is not.
"""

import math
from typing import Final

ALONE_FROM: Final = 3
GIVEN_UP_AFTER: Final = 5


def group_size(deaths: int, suspects: int) -> int:
    """How many suspects are at the engine together, once it has died so often over them."""
    if deaths >= ALONE_FROM:
        return 1
    return math.ceil(suspects / 4) if deaths == 1 else math.ceil(math.sqrt(suspects))


def is_culprit(deaths: int, suspects: int) -> bool:
    return suspects == 1 and deaths >= GIVEN_UP_AFTER
