"""Candidate evaluations with five in-context examples before each: about 1,200 tokens that requests share.

The text is made up from a seed. It is English of the usual kind, so that it has the usual number of tokens.
"""

import random
from collections.abc import Sequence

from benchmarks.workload import Line, Lines, request

EXAMPLES = 5
# Long enough for a verdict. Reading the prompt is the work here.
ANSWER_TOKENS = 8

TITLES = ("backend engineer", "data analyst", "nurse", "product manager", "electrician", "translator", "accountant")
PLACES = ("Lisbon", "Oslo", "Nairobi", "Toronto", "Osaka", "Vienna", "Montevideo", "Ghent", "Tallinn", "Pune")
NAMES = ("Ada", "Bruno", "Chidi", "Dana", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jonas", "Kiri", "Lena", "Milan")
SKILLS = (
    "stakeholder interviews", "incident reviews", "budget planning", "relational databases", "patient records",
    "shift rosters", "written French", "quarterly audits", "test automation", "vendor contracts", "circuit diagrams",
    "customer training", "release management", "statistics", "safety inspections", "technical writing",
)  # fmt: skip
DEEDS = (
    "led a team of {n} and kept every promised date",
    "moved {n} customers to a new system without a single complaint",
    "cut the time of the monthly report from {n} days to one",
    "trained {n} new colleagues in the first year",
    "found a fault that had cost the company {n} thousand a month",
    "wrote the handbook that {n} offices use today",
)
VERDICTS = ("Hire", "Interview", "Keep on file", "Decline")


def evaluations(seed: str, prefixes: int, each: int) -> Lines:
    """`each` requests for each of so many positions, with examples of their own, in no order at all."""
    chance = random.Random(seed)
    lines = [
        request(f"{seed}-{position}-{number}", [*shared, _asked(chance)], ANSWER_TOKENS)
        for position in range(prefixes)
        for shared in [_shared(chance, f"{position} of {seed}")]
        for number in range(each)
    ]
    chance.shuffle(lines)
    return lines


def with_copies(lines: Lines, share: float, seed: str) -> Lines:
    """The same number of lines, of which this share asks what another line asks, under its own `custom_id`."""
    chance = random.Random(seed)
    copies = set(chance.sample(range(len(lines)), round(len(lines) * share)))
    originals = [line for number, line in enumerate(lines) if number not in copies]
    return [_copy(line, chance.choice(originals)) if number in copies else line for number, line in enumerate(lines)]


def _copy(line: Line, original: Line) -> Line:
    return line | {"body": original["body"]}


def _shared(chance: random.Random, position: str) -> Sequence[dict[str, str]]:
    """What all requests for a position begin with. No two positions have the first words in common."""
    wanted = ", ".join(chance.sample(SKILLS, 5))
    instructions = (
        f"Position {position}: {chance.choice(TITLES)} in {chance.choice(PLACES)}. You evaluate candidates for it. "
        f"Wanted are {wanted}. Weigh what they have done more than what they say about themselves, name no age and no "
        "origin, and answer with the recommendation first, then a score from 1 to 10, then two sentences that say why: "
        "one on what counts, and one on what is missing and could be learnt. Nobody is declined for a gap between two "
        "jobs, and nobody is hired for a famous employer alone. Here is how others were evaluated for this position."
    )
    examples = [turn for _ in range(EXAMPLES) for turn in (_asked(chance), _answered(chance))]
    return [{"role": "system", "content": instructions}, *examples]


def _asked(chance: random.Random) -> dict[str, str]:
    deeds = " ".join(f"There the candidate {_deed(chance, kind)}." for kind in chance.sample(DEEDS, 4))
    known = ", ".join(chance.sample(SKILLS, 4))
    text = (
        f"{chance.choice(NAMES)} {chance.randrange(1000)}, {chance.randrange(2, 30)} years at work, last for a company "
        f"of {chance.randrange(10, 9000)} people in {chance.choice(PLACES)}. {deeds} Knows {known}. Can begin in "
        f"{chance.randrange(2, 12)} weeks."
    )
    return {"role": "user", "content": text}


def _answered(chance: random.Random) -> dict[str, str]:
    good, missing = chance.sample(SKILLS, 2)
    deed = _deed(chance, chance.choice(DEEDS))
    text = (
        f"{chance.choice(VERDICTS)}. Score {chance.randrange(1, 11)}. The candidate {deed}, which counts, and is at "
        f"home with {good}. Nothing is said about {missing}, which this position can't do without for long; with "
        f"{chance.randrange(2, 9)} weeks beside a colleague who knows it well, that could be learnt on the way. "
        f"{chance.choice(('References', 'Papers', 'Work samples'))} were asked for and agree with what is said above."
    )
    return {"role": "assistant", "content": text}


def _deed(chance: random.Random, kind: str) -> str:
    return kind.format(n=chance.randrange(3, 60))
