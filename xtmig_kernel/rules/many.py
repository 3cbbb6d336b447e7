"""Rules over many objects: one word for all that are right, and one for each that is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from xtmig_kernel.rules.rule import MOST_TOLD, Fellows, Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def judge_each(
    objects: Iterable[T],
    judge: Callable[[T], Iterable[Judgement]],
    *,
    of_what: str,
    expected: str,
    at_most: int = MOST_TOLD,
    all_in: str = "",
    right: int = 0,
) -> Iterator[Judgement]:
    """Judge each object; those that are right are counted and told in one judgement at the end.

    Args:
        objects: What is judged.
        judge: Gives nothing for an object that is right, and judgements for one that is not.
        of_what: What they are, in the plural, such as `"users"`.
        expected: What holds for those that are right, in words.
        at_most: How many judgements of one kind are told one by one; `evaluate` makes one more of the rest, unless it
            is to tell all.
        all_in: Where all of them can be seen, told with the rest.
        right: How many others are right, as the caller knows; they are counted with these.
    """
    total = right
    fellows = Fellows(of_what, at_most, all_in)
    for item in objects:
        total += 1
        found = tuple(judge(item))
        if not found:
            right += 1
            continue
        for judgement in found:
            yield replace(judgement, fellows=fellows)
    if right:
        of_all = f"{right} of {total} {of_what}"
        yield Judgement("pass", of_all, seen=f"{of_all}: {expected}", expected=expected)
