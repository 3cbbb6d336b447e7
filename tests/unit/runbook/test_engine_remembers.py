from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_tenants import Runbook

from xtmig_kernel.errors import Throttled
from xtmig_kernel.inventory.reader import REMEMBERED_FOR
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.runbook.engine import Engine

CONFIG = "target.organization_config"
RELATIONSHIPS = "target.organization_relationships"


@pytest.fixture
def off(tmp_path: Path) -> Runbook:
    """A runbook whose relationship is not enabled: step 070.5 sets it."""
    return Runbook(tmp_path, target__organization_relationships={"Enabled": False})


def plan(engine: Engine, *steps: str) -> None:
    """Plan steps one after the other."""
    for step in steps:
        engine.plan(STEPS[step])


def test_a_run_reads_once_what_two_steps_need(runbook: Runbook) -> None:
    """What step 070.1 has read is not read again for step 070.5 while nothing is written."""
    plan(runbook.engine("070", remembers=True), "070.1", "070.5")
    assert runbook.fakes.reads.count(CONFIG) == 1


def test_a_person_who_looks_again_reads_again(runbook: Runbook) -> None:
    """Where a person clicks, every plan is made from reads of its own."""
    plan(runbook.engine("070"), "070.1", "070.5")
    assert runbook.fakes.reads.count(CONFIG) == 2


def test_what_is_remembered_keeps_its_time(runbook: Runbook) -> None:
    """An observation that is used again says when it was made, not when it was used."""
    engine = runbook.engine("070", remembers=True)
    plan(engine, "070.1")
    runbook.clock.sleep(60)
    plan(engine, "070.5")
    first, again = (e.data["at"] for e in runbook.ledger.entries("observed") if e.data["fact"] == CONFIG)
    assert first == again


def test_nothing_is_remembered_for_long(runbook: Runbook) -> None:
    """After a quarter of an hour a run reads again."""
    engine = runbook.engine("070", remembers=True)
    plan(engine, "070.1")
    runbook.clock.sleep(REMEMBERED_FOR.total_seconds())
    plan(engine, "070.5")
    assert runbook.fakes.reads.count(CONFIG) == 2


def test_a_write_makes_everything_read_again(off: Runbook) -> None:
    """After a change was made, the next plan is not made from what was read before it."""
    engine = off.engine("070", remembers=True)
    plan(engine, "070.1")
    view = engine.apply(engine.plan(STEPS["070.5"]))
    off.fakes.reads.clear()
    plan(engine, "070.1")
    assert (view.state, off.fakes.reads.count(CONFIG)) == ("applied", 1)


def test_a_refused_write_makes_everything_read_again(off: Runbook) -> None:
    """After a change that failed, nobody knows what it did, so that the next plan reads."""
    engine = off.engine("070", remembers=True)
    view = engine.plan(STEPS["070.5"])
    off.fakes.troubles.append(Throttled("too many requests"))
    with pytest.raises(Throttled):
        engine.apply(view)
    off.fakes.reads.clear()
    plan(engine, "070.5")
    assert RELATIONSHIPS in off.fakes.reads


def test_what_was_made_is_verified_by_new_reads(off: Runbook) -> None:
    """After a change, the verification is never made from what was read before it."""
    engine = off.engine("070", remembers=True)
    view = engine.apply(engine.plan(STEPS["070.5"]))
    off.fakes.reads.clear()
    engine.verify(view)
    assert RELATIONSHIPS in off.fakes.reads


def test_what_cannot_be_undone_is_proven_by_new_reads(runbook: Runbook) -> None:
    """A step that proves again before it acts reads again, however lately its facts were read (160.4)."""
    engine, step = runbook.engine("160", remembers=True), STEPS["160.4"]
    view = engine.plan(step)
    runbook.fakes.reads.clear()
    engine.apply(replace(view, state="planned", blocked_by=()))
    assert set(step.reads) <= set(runbook.fakes.reads)


def test_a_refused_read_is_tried_again(runbook: Runbook) -> None:
    """What could not be read for one step is asked for again by the next."""
    engine = runbook.engine("070", remembers=True)
    runbook.fakes.unreadable.add(CONFIG)
    plan(engine, "070.1")
    runbook.fakes.unreadable.clear()
    plan(engine, "070.5")
    assert runbook.fakes.reads.count(CONFIG) == 2


def test_a_look_at_the_collecting_step_reads_everything_anew(runbook: Runbook) -> None:
    """Step 040.1 reads both tenants at each look; what follows it, and its verification, answer from that reading."""
    engine = runbook.engine("040", remembers=True)
    view = engine.look(STEPS["040.1"])
    engine.look(STEPS["040.2"])
    engine.verify(view)
    assert runbook.fakes.reads.count(CONFIG) == 1
    engine.look(STEPS["040.1"])
    assert runbook.fakes.reads.count(CONFIG) == 2
