"""The same question about thousands of objects: ten in a request, a few requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from xtmig_kernel.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtmig_kernel.inventory.context import ReadContext
    from xtmig_kernel.m365 import Reply

PER_REQUEST = 10

T = TypeVar("T")


def ask_many(context: ReadContext, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Reply | ServiceError]:
    """One answer or error for each call, in their order.

    Args:
        context: The side that is asked.
        calls: Cmdlet and parameters of each; they only read.

    Raises:
        ServiceError: Every single call was refused, so that nothing at all was seen.
    """
    return _in_groups(context, calls, context.tenant.exchange.invoke_many)


def make_of_many(
    context: ReadContext,
    calls: Sequence[tuple[str, dict[str, Any]]],
    select: Sequence[str],
    make: Callable[[Sequence[dict[str, Any]]], T],
) -> list[T | ServiceError]:
    """What is made of each answer, or its error, in their order; of long answers no more than a few are held at once.

    Args:
        context: The side that is asked.
        calls: Cmdlet and parameters of each; they only read.
        select: The properties that are asked for.
        make: Is given the rows of one answer, as soon as it is there.

    Raises:
        ServiceError: Every single call was refused, so that nothing at all was seen.
    """
    exchange = context.tenant.exchange

    def ask(group: Sequence[tuple[str, dict[str, Any]]]) -> list[T | ServiceError]:
        answers = exchange.invoke_many(group, select=select)
        return [answer if isinstance(answer, ServiceError) else make(answer.rows) for answer in answers]

    return _in_groups(context, calls, ask)


def _in_groups(
    context: ReadContext,
    calls: Sequence[tuple[str, dict[str, Any]]],
    ask: Callable[[Sequence[tuple[str, dict[str, Any]]]], list[T | ServiceError]],
) -> list[T | ServiceError]:
    context.expect(len(calls))
    groups = [calls[start : start + PER_REQUEST] for start in range(0, len(calls), PER_REQUEST)]
    with ThreadPoolExecutor(context.project.requests_at_once) as pool:
        answers = [answer for group in pool.map(ask, groups) for answer in group]
    refused = [answer for answer in answers if isinstance(answer, ServiceError)]
    if answers and len(refused) == len(answers):
        raise refused[0]
    return answers


def rows_or_none(answer: Reply | ServiceError) -> list[dict[str, Any]] | None:
    """What a call answered; None where it was refused, which is never taken for nothing.

    Args:
        answer: One of those that `ask_many` gave.
    """
    return None if isinstance(answer, ServiceError) else list(answer.rows)
