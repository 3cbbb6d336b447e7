"""Rules over many objects: one word for all that are right, and one for each that is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
MOST_TOLD = 200
"""Of 5,000 users that are not right in the same way, the first ones tell what is wrong; the rest are a number."""


def judge_each(
    objects: Iterable[T],
    judge: Callable[[T], Iterable[Judgement]],
    *,
    of_what: str,
    expected: str,
    at_most: int = MOST_TOLD,
    all_in: str = "",
) -> Iterator[Judgement]:
    """Judge each object; those that are right are counted and told in one judgement at the end.

    Args:
        objects: What is judged.
        judge: Gives nothing for an object that is right, and judgements for one that is not.
        of_what: What they are, in the plural, such as `"users"`.
        expected: What holds for those that are right, in words.
        at_most: How many judgements of one kind are told one by one; one more stands for the rest.
        all_in: Where all of them can be seen, told with the rest.
    """
    right = total = 0
    told: Counter[str] = Counter()
    last: dict[str, Judgement] = {}
    for item in objects:
        total += 1
        found = list(judge(item))
        right += not found
        for judgement in found:
            told[judgement.kind] += 1
            last[judgement.kind] = judgement
            if told[judgement.kind] <= at_most:
                yield judgement
    for kind, number in told.items():
        if number > at_most:
            more = f"{number - at_most} more {of_what}"
            yield replace(last[kind], subject=more, seen=f"{more} like these{all_in and f': see {all_in}'}")
    if right:
        of_all = f"{right} of {total} {of_what}"
        yield Judgement("pass", of_all, seen=f"{of_all}: {expected}", expected=expected)
