"""How often the service is asked for what several tables about moves are made from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from core_facts import NOW, StillClock, make_project

from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import UncertainWrite

FACTS = ("target.migration_users", "target.migration_details", "target.skipped_items")
FAILED = {"Identity": "lara@x.com", "BatchId": "contoso-moves-pilot", "Status": "Failed", "SkippedItemCount": 1}


class Exchange:
    """Knows one failed user and remembers what it was asked."""

    def __init__(self, answer: Any = None) -> None:
        self.asked: list[str] = []
        self._answer = answer or SimpleNamespace(rows=[FAILED | {"ErrorType": "SomeException"}])

    def invoke(self, cmdlet: str, _parameters: Any = None) -> Any:
        self.asked.append(cmdlet)
        return SimpleNamespace(rows=[FAILED])

    def invoke_many(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        self.asked += [cmdlet for cmdlet, _ in calls]
        return [self._answer for _ in calls]


def reader(exchange: Exchange) -> Reader:
    tenants: dict[Any, Any] = {"target": SimpleNamespace(exchange=exchange)}
    return Reader(make_project(), tenants, StillClock(NOW), {})


def test_users_are_read_once_a_cycle() -> None:
    """Three tables about migration users cost one bulk read, and one cmdlet for each user who needs it."""
    exchange = Exchange()
    facts = reader(exchange).read_all(FACTS)
    assert all(isinstance(fact, Observed) for fact in facts.values())
    assert ["Get-MigrationUser", "Get-MigrationUserStatistics", "Get-MigrationUserStatistics"] == exchange.asked


def test_every_moment_is_read_anew() -> None:
    """What was read at one moment is never shown as what is there at the next."""
    exchange = Exchange()
    given = reader(exchange)
    for _ in range(2):
        given.read_all(FACTS[:1])
        given.read(FACTS[0])
    assert ["Get-MigrationUser"] * 4 == exchange.asked


def test_users_who_cannot_be_asked_about_are_not_observed() -> None:
    """When the service does not answer about a user in trouble, nothing is said about anybody in trouble."""
    lost = UncertainWrite("no answer", side="target")
    fact = reader(Exchange(lost)).read("target.migration_details")
    assert isinstance(fact, NotObserved)
    assert fact.reason is not Reason.NOT_ASKED
