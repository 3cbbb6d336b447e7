"""What a page shows of what is there by the thousand: sums that balance, the first of them, and where all are. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xtmig_kernel.counting import counted
from xtmig_kernel.report import places
from xtmig_kernel.report.tables import rows_of
from xtmig_kernel.report.words import APPROVALS, OUTCOMES, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xtmig_kernel.report.model import (
        ChangeFact,
        ExhibitFact,
        FindingFact,
        PlannedFact,
        Result,
        VerdictKind,
    )
    from xtmig_kernel.report.words import Word

FIRST_CHANGES = 50
MOST_REFUSED = 200
MOST_FINDINGS = 200
MOST_ROWS = 500
MOST_CHOICES = 12
# A page stays small whatever a project holds: these are shared among the steps, rules and exhibits that have many.
ALL_REFUSED, ALL_FINDINGS, ALL_ROWS = 1000, 2000, 3000

_WRONG_FIRST: tuple[VerdictKind, ...] = (
    "fail", "not_observed", "waiting", "manual", "warn", "waived", "skipped", "pass",
)  # fmt: skip
_SEEN = ("read back", "found done")
_NUMBER = re.compile(r"-?[0-9][0-9.,]*")

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound="ChangeFact | PlannedFact | FindingFact")


class Many(NamedTuple):
    """What belongs together and is too much to be shown whole.

    Args:
        key: Id of the step or rule.
        title: Its title.
        total: How many there are.
        sums: The same as a sum that shows its parts.
        shown: Those that are shown.
        left: How many are not shown.
        artifact: The archive's table that holds all.
    """

    key: str
    title: str
    total: int
    sums: str
    shown: tuple[Any, ...]
    left: int
    artifact: str


class ShownExhibit(NamedTuple):
    """An exhibit as it is shown.

    Args:
        fact: What is known of it.
        columns: The headings of the columns that are shown.
        empty: The headings of those that are not, because no row has anything in them.
        rows: The rows that are shown.
        left: How many rows are not shown.
        numeric: Of each column, whether it holds numbers alone.
        filter: The column by whose values rows can be chosen, or None.
        full: What a bar of full length stands for.
    """

    fact: ExhibitFact
    columns: tuple[str, ...]
    empty: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    left: int
    numeric: tuple[bool, ...]
    filter: int | None
    full: int


def sums(counts: Counter[Any], shown: Mapping[str, Word]) -> str:
    """A sum that shows its parts: `5 = 3 passed + 2 failed`.

    Args:
        counts: How many of each.
        shown: The words for each, in the order of the parts.
    """
    parts = [f"{counts[key]:,} {word.text}" for key, word in shown.items() if counts[key]]
    return f"{counts.total():,} = {' + '.join(parts)}" if parts else "0"


def many_changes(result: Result) -> list[Many]:
    """The steps with many changes: those that need a look, up to 200 a step, then the first 50.

    Args:
        result: What the archive says.
    """
    large = places.large_steps(result.changes)
    of_step, titles = by(result.changes, lambda change: change.step), step_titles(result)
    most = min(MOST_REFUSED, ALL_REFUSED // max(len(large), 1))
    groups = []
    for step in large:
        changes = of_step[step]
        wrong = [change for change in changes if change.outcome not in _SEEN]
        right = [change for change in changes if change.outcome in _SEEN]
        shown = (*wrong[:most], *right[:FIRST_CHANGES])
        counts = Counter(change.outcome for change in changes)
        groups.append(_many(step, titles, changes, sums(counts, OUTCOMES), shown, places.changes_file(step)))
    return groups


def many_planned(result: Result) -> list[Many]:
    """The steps with many planned changes, each with its first 50.

    Args:
        result: What the archive says.
    """
    of_step, titles = by(result.planned, lambda change: change.step), step_titles(result)
    return [
        _many(
            step,
            titles,
            of_step[step],
            sums(Counter(change.approval for change in of_step[step]), APPROVALS),
            tuple(of_step[step][:FIRST_CHANGES]),
            places.planned_file(step),
        )
        for step in places.large_steps(result.planned)
    ]


def many_findings(result: Result) -> list[Many]:
    """The rules with many findings, each with up to 200 of them, what is wrong first.

    Args:
        result: What the archive says.
    """
    large = places.large_rules(result.findings)
    of_rule = by(result.findings, lambda finding: finding.rule)
    most = min(MOST_FINDINGS, ALL_FINDINGS // max(len(large), 1))
    return [
        _many(
            rule,
            {rule: of_rule[rule][0].title},
            of_rule[rule],
            sums(Counter(finding.verdict for finding in of_rule[rule]), VERDICTS),
            tuple(sorted(of_rule[rule], key=lambda finding: _WRONG_FIRST.index(finding.verdict))[:most]),
            places.FINDINGS,
        )
        for rule in large
    ]


def _many(
    key: str, titles: Mapping[str, str], items: Sequence[Shown], sum_: str, shown: tuple[Shown, ...], artifact: str
) -> Many:
    return Many(key, titles.get(key, ""), len(items), sum_, shown, len(items) - len(shown), artifact)


def exhibits(result: Result, tables: Mapping[str, str]) -> list[ShownExhibit]:
    """The exhibits with up to 500 rows each, as the archive's tables hold them.

    Args:
        result: What the archive says.
        tables: The text of each exhibit's table by its path.

    Raises:
        KeyError, ValueError: A table is missing or is none.
    """
    most = min(MOST_ROWS, ALL_ROWS // max(len(result.exhibits), 1))
    return [exhibit(fact, rows_of(tables[fact.artifact]), most) for fact in result.exhibits]


def exhibit(fact: ExhibitFact, rows: Sequence[tuple[str | int, ...]], most: int) -> ShownExhibit:
    """One exhibit, as it is shown.

    Args:
        fact: The exhibit.
        rows: All its rows.
        most: How many are shown.
    """
    filled = [place for place in range(len(fact.columns)) if place == 0 or any(row[place] != "" for row in rows)]
    columns = tuple(fact.columns[place] for place in filled)
    empty = tuple(column for column in fact.columns if rows and column not in columns)
    numeric = tuple(_of_numbers([row[place] for row in rows]) for place in filled)
    full = max((sum(map(quantity, row[1:])) for row in rows), default=0)
    first = tuple(tuple(row[place] for place in filled) for row in rows[:most])
    left = len(rows) - len(first)
    return ShownExhibit(fact, columns, empty, first, left, numeric, _filter(first, numeric), max(full, 1))


def _filter(rows: Sequence[tuple[str | int, ...]], numeric: Sequence[bool]) -> int | None:
    """The last column of words that hold for several rows each, if there is one."""
    fit = [
        place
        for place, numbers in enumerate(numeric)
        if not numbers and 1 < len({row[place] for row in rows} - {""}) <= MOST_CHOICES < len(rows)
    ]
    return fit[-1] if fit else None


def _of_numbers(cells: Sequence[str | int]) -> bool:
    filled = [cell for cell in cells if cell != ""]
    return bool(filled) and all(isinstance(cell, int) or _NUMBER.fullmatch(cell) for cell in filled)


def quantity(cell: str | int) -> int:
    """What a bar draws of a cell: nothing of what is no number, or less than nothing.

    Args:
        cell: A cell of bars.
    """
    return max(cell, 0) if isinstance(cell, int) else 0


def amount(cell: str | int) -> str:
    """A cell as people read it: a whole number of bars gets its thousands apart.

    Args:
        cell: A cell of bars.
    """
    return f"{cell:,}" if isinstance(cell, int) else cell


def step_titles(result: Result) -> dict[str, str]:
    """The title of each step that has ended.

    Args:
        result: What the archive says.
    """
    return {step.id: step.title for section in result.sections for step in section.steps}


def by(items: Iterable[Item], key: Any) -> dict[str, list[Item]]:
    """Items by a key, in their order.

    Args:
        items: The items.
        key: Gives the key of an item.
    """
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def rest(left: int, artifact: str) -> str:
    """Where the rows are that are not shown.

    Args:
        left: How many are not shown.
        artifact: The archive's table that holds all.
    """
    return f"the other {counted(left, 'row')} {'is' if left == 1 else 'are'} in {artifact}" if left else ""
