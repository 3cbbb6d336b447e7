"""After a request of many changes was interrupted: each of them is looked for, and none is repeated blindly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_tenants import Killed, Runbook
from test_bulk import names, rename, user

from xtmig_kernel.runbook.journal import not_yet_seen, open_intents
from xtmig_kernel.runbook.recovery import Recovery

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def killed(tmp_path: Path) -> Runbook:
    """Twenty users; the process ended in the first request, when six of its ten changes were made."""
    runbook = Runbook(tmp_path, target__mail_users=[user(number) for number in range(20)])
    runbook.fakes.troubles = [None] * 5 + ["killed, done"]
    with pytest.raises(Killed):
        runbook.door.make_all([rename(number) for number in range(10)])
    assert names(runbook).count("new") == 6
    runbook.next_run()
    return runbook


def settle(runbook: Runbook) -> list[str]:
    door = runbook.door
    recovery = Recovery(
        reader=runbook.reader, ledger=runbook.ledger, clock=runbook.clock, door=door, progress=runbook.said.append
    )
    return [item.title for item in recovery.settle("050.2")]


def test_all_of_the_request_was_begun(killed: Runbook) -> None:
    """The ledger knows all ten changes of the request, since their intents were written before it."""
    assert len(open_intents(killed.ledger, "050")) == 10


def test_each_is_settled_by_what_a_read_shows(killed: Runbook) -> None:
    """The six that took effect are found done, the four others are planned again; no call is made to find that out."""
    calls = len(killed.fakes.calls)
    assert settle(killed) == []
    assert sorted(killed.results()) == ["found done"] * 6 + ["not done"] * 4
    assert len(killed.fakes.calls) == calls
    assert open_intents(killed.ledger, "050") == not_yet_seen(killed.ledger, "050") == []


def test_their_times_overlap(killed: Runbook) -> None:
    """Four changes that may still show are waited for together, at most as long as one."""
    began = killed.clock.now()
    settle(killed)
    assert (killed.clock.now() - began).total_seconds() <= 90 + 10


def test_the_table_is_not_read_for_each(killed: Runbook) -> None:
    """However many changes were open, each look reads their table once."""
    before = killed.fakes.reads.count("target.mail_users")
    settle(killed)
    assert killed.fakes.reads.count("target.mail_users") - before <= 12


def test_going_on_makes_only_what_is_missing(killed: Runbook) -> None:
    """Run again, only the changes that did not take effect are made, and in the end each was made once."""
    settle(killed)
    killed.door.make_all([rename(number) for number in range(20) if names(killed)[number] == "old"])
    assert names(killed) == ["new"] * 20
    assert len(killed.fakes.calls) == 6 + 14
