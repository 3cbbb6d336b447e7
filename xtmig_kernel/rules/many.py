"""Rules over many objects: one word for all that are right, and one for each that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


def judge_each(
    objects: Iterable[T], judge: Callable[[T], Iterable[Judgement]], *, of_what: str, expected: str
) -> Iterator[Judgement]:
    """Judge each object; those that are right are counted and told in one judgement at the end.

    Args:
        objects: What is judged.
        judge: Gives nothing for an object that is right, and judgements for one that is not.
        of_what: What they are, in the plural, such as `"users"`.
        expected: What holds for those that are right, in words.
    """
    right = total = 0
    for item in objects:
        total += 1
        found = list(judge(item))
        right += not found
        yield from found
    if right:
        yield Judgement(
            "pass", f"{right} of {total} {of_what}", seen=f"{right} {of_what}: {expected}", expected=expected
        )
