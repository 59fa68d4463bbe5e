"""Timing side by side: each round runs every candidate once, so that whatever else the machine does meets all of them."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Work = Callable[[int], float | None]  # takes the number of its round; tells how many units it made, None for one


def side_by_side(works: Mapping[str, Work], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds and units of every candidate in every round; round 0 comes first and is not counted."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for index in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            units = work(index)
            seconds = time.perf_counter() - start
            if index:
                measured[name].append((seconds, 1.0 if units is None else units))
    return measured


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest, and of how many."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "runs": len(values)}


def a_unit(measured: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Spread of the seconds that one unit took."""
    return spread([seconds / units for seconds, units in measured])


def in_all(measured: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Spread of the seconds that a whole run took."""
    return spread([seconds for seconds, _ in measured])
