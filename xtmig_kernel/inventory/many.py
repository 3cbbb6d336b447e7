"""The same question about thousands of objects: ten in a request, a few requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.inventory.context import ReadContext
    from xtmig_kernel.m365 import Reply

PER_REQUEST = 10


def ask_many(context: ReadContext, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Reply | ServiceError]:
    """One answer or error for each call, in their order.

    Args:
        context: The side that is asked.
        calls: Cmdlet and parameters of each; they only read.

    Raises:
        ServiceError: Every single call was refused, so that nothing at all was seen.
    """
    exchange = context.tenant.exchange
    context.expect(len(calls))
    groups = [calls[start : start + PER_REQUEST] for start in range(0, len(calls), PER_REQUEST)]
    with ThreadPoolExecutor(context.project.requests_at_once) as pool:
        answers = [answer for group in pool.map(exchange.invoke_many, groups) for answer in group]
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
