"""The shipped example: who carries the attribute of Microsoft's sample can move, and who cannot is told why."""

from __future__ import annotations

import time
from typing import Any

import pytest
from exchange_answers import done
from moving_pair import (
    DAY,
    address,
    cause_of,
    complete,
    moving_pair,
    new_batch,
    ready,
    status,
    user,
    with_example_movers,
)
from simulated_pair import example

from xtmig_kernel.simulator.generate import pair as generated

CANNOT = {
    "many": "too_many_archives",
    "hal": "litigation_hold",
    "edith": "in_place_hold",
    "delia": "delay_hold",
    "quentin": "over_quota",
    "nearly": "dumpster_over_quota",
    "didi": "demoted_archive",
    "moira": "being_moved",
}


def movers(data: dict[str, Any]) -> list[str]:
    """Aliases of those with the attribute of Microsoft's sample."""
    boxes = data["source"]["mailboxes"]
    return [box["alias"] for box in boxes if box.get("custom_attributes") == {1: "Cross-Tenant-Project"}]


def test_all_movers_of_the_example_can_move() -> None:
    """In one batch, within a day; one of them needs an approval for an item that cannot be copied."""
    names = movers(example())
    pair = moving_pair(with_example_movers(example(), names))
    new_batch(pair, *names)
    pair.advance(DAY)
    assert dict.fromkeys(names, "Synced") == {name: status(pair, name) for name in names}
    complete(pair)
    waiting = {name for name in names if status(pair, name) == "NeedsApproval"}
    done(pair, "target", "Set-MigrationUser", Identity=address("vera"), ApproveSkippedItems=True)
    pair.advance(DAY)
    assert {"vera"} == waiting
    assert dict.fromkeys(names, "Completed") == {name: status(pair, name) for name in names}


def test_the_example_is_synced_within_an_hour() -> None:
    """A practice run does not wait long, the largest archive included."""
    names = movers(example())
    pair = moving_pair(with_example_movers(example(), names))
    new_batch(pair, *names)
    pair.advance(3600)
    assert {"Synced"} == {status(pair, name) for name in names}


@pytest.mark.parametrize(("alias", "cause"), CANNOT.items())
def test_the_examples_others_fail_for_what_they_stand_for(alias: str, cause: str) -> None:
    """Each mailbox that stands for an obstacle meets it."""
    pair = moving_pair(with_example_movers(example(), [alias]))
    new_batch(pair, alias)
    pair.advance(DAY)
    assert ("Failed", cause) == (user(pair, alias)["Status"], cause_of(pair, alias))


def test_a_generated_pair_can_move() -> None:
    """Nothing that is generated stands in the way of a move."""
    data = generated(25, "7").model_dump(mode="json", exclude_unset=True)
    names = [box["alias"] for box in data["source"]["mailboxes"]]
    pair = moving_pair(with_example_movers(data, names))
    new_batch(pair, *names)
    pair.advance(DAY)
    assert {"Synced"} == {status(pair, name) for name in names}


def test_thousands_of_users_are_quick() -> None:
    """Five batches of a thousand come to rest in a few seconds of real time, and a look at one costs little."""
    names = [f"u{number}" for number in range(5000)]
    pair = moving_pair(ready(*names))
    for first in range(0, 5000, 1000):
        new_batch(pair, *names[first : first + 1000], name=f"W{first}")
    pair.advance(DAY)
    status(pair, "u0", "W0")
    began = time.process_time()
    assert "Synced" == status(pair, "u4999", "W4000")
    assert time.process_time() - began < 2
