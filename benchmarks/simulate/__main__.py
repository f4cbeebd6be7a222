"""`python -m benchmarks.simulate`: each policy on each scenario, as a table."""

import time

import click
from rich.console import Console
from rich.table import Table

from benchmarks.simulate.figures import Figures
from benchmarks.simulate.policies import POLICIES
from benchmarks.simulate.replay import Replay
from benchmarks.simulate.scenarios import SCENARIOS

COLUMNS = (
    "policy", "small: first answer\nmedian / p95", "large: first answer\nmedian / p95", "large:\ndone in",
    "Jain's\nindex", "share\noff by", "loads", "time\nloading", "prefix\nhits", "missed", "all done\nafter",
    "time\nused", "replayed\nin",
)  # fmt: skip


@click.command()
@click.option("--jobs", default=5000, show_default=True)
@click.option("--workers", default=200, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--scenario", "names", type=click.Choice(list(SCENARIOS)), multiple=True, help="Default: all.")
@click.option("--policy", "policies", type=click.Choice(list(POLICIES)), multiple=True, help="Default: all.")
def main(jobs: int, workers: int, seed: int, names: tuple[str, ...], policies: tuple[str, ...]) -> None:
    console = Console(width=170)
    for name in names or SCENARIOS:
        made = SCENARIOS[name](jobs, workers, seed)
        summary = f"{made.name}: {len(made.jobs)} jobs, {sum(len(job.chunks) for job in made.jobs)} chunks"
        table = Table(*COLUMNS, title=f"{summary}, {made.workers} workers, seed {seed}", title_justify="left")
        for policy in policies or POLICIES:
            scenario = SCENARIOS[name](jobs, workers, seed)
            began = time.perf_counter()
            figures = Replay(scenario, POLICIES[policy](scenario)).run()
            table.add_row(policy, *_row(figures), f"{time.perf_counter() - began:.1f} s")
        console.print(table)


def _row(figures: Figures) -> list[str]:
    fairness = figures.fairness()
    prefixes = f"{figures.prefix_hits:.0%}" if figures.starts_with_beginning else "-"
    return [
        _shown(*figures.waits(large=False)),
        _shown(*figures.waits(large=True)),
        _duration(figures.done),
        f"{fairness[0]:.3f}" if fairness else "-",
        f"{fairness[1]:.1%}" if fairness else "-",
        str(figures.loads),
        f"{figures.loading_seconds / (figures.loading_seconds + figures.running_seconds):.1%}",
        prefixes,
        str(figures.misses),
        _duration(figures.ended),
        f"{figures.used:.1%}",
    ]


def _shown(middle: float, most: float) -> str:
    return f"{_duration(middle)} / {_duration(most)}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
