"""Measuring in interleaved pairs, and what can be said of the figures.

A machine's speed drifts, and others share it. So the two sides of a comparison are run in turn,
each pair gives a difference and a ratio, and their medians are what is reported. Each side's own median
stands beside them only for the reader.
"""

import dataclasses
import random
import statistics

RESAMPLES = 2000


class Skip(Exception):
    """Cannot be measured here, for a reason that is no fault: a tool that is not installed."""


class Failure(Exception):
    """Should have been measured, and could not."""


@dataclasses.dataclass
class Row:
    name: str
    unit: str
    floor: str  # sides of the comparison, as the group's `measure` knows them
    watched: str
    budget: float = None
    budget_of: str = "difference"  # or "ratio"
    note: str = ""


@dataclasses.dataclass
class Group:
    """Rows that come from the same runs. `measure(side)` gives one figure in the rows' unit."""

    rows: list
    sides: list
    measure: object
    rounds: int
    quick_rounds: int
    prepare: object = None  # called once before; may raise Skip


def interval(values):
    """95 % of the medians of resamples lie within. The same figures give the same answer."""
    generator = random.Random(1)
    medians = sorted(statistics.median(generator.choices(values, k=len(values)))
                     for _ in range(RESAMPLES))
    return [medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975) - 1]]


def verdict(row, result):
    """Only what the figures support: within the whole interval, or no verdict."""
    if row.budget is None:
        return None
    low, high = result["ci"] if row.budget_of == "ratio" else result["difference_ci"]
    if high <= row.budget:
        return "within"
    return "over" if low > row.budget else "unclear"


def compare(row, floor, watched):
    differences = [b - a for a, b in zip(floor, watched)]
    ratios = [b / a for a, b in zip(floor, watched)]
    result = {
        "name": row.name,
        "unit": row.unit,
        "floor": statistics.median(floor),
        "watched": statistics.median(watched),
        "difference": statistics.median(differences),
        "difference_ci": interval(differences),
        "ratio": statistics.median(ratios),
        "ci": interval(ratios),
        "runs": len(floor),
        "budget": row.budget,
        "budget_of": row.budget_of if row.budget is not None else None,
        "floor_is": row.floor,
        "note": row.note,
    }
    result["verdict"] = verdict(row, result)
    return result


def without_figures(row, key, reason):
    """A row that was skipped or failed keeps its place, so that it does not look measured."""
    result = dict.fromkeys(["floor", "watched", "difference", "difference_ci", "ratio", "ci",
                            "verdict"])
    return {**result, "name": row.name, "unit": row.unit, "runs": 0, "budget": row.budget,
            "budget_of": row.budget_of if row.budget is not None else None,
            "floor_is": row.floor, "note": row.note, key: reason}


def run_group(group, wanted, quick):
    """The results of those rows of the group that are wanted."""
    rows = [row for row in group.rows if wanted(row.name)]
    needed = {side for row in rows for side in (row.floor, row.watched)}
    sides = [side for side in group.sides if side in needed]
    samples = {side: [] for side in sides}
    try:
        if group.prepare:
            group.prepare()
        for i in range(group.quick_rounds if quick else group.rounds):
            # Each side comes first as often as any other: what the first one finds cold is shared.
            for j in range(len(sides)):
                side = sides[(i + j) % len(sides)]
                samples[side].append(group.measure(side))
    except Skip as reason:
        return [without_figures(row, "skipped", str(reason)) for row in rows]
    except Failure as reason:
        return [without_figures(row, "failed", str(reason)) for row in rows]
    return [compare(row, samples[row.floor], samples[row.watched]) for row in rows]
