"""Failures come from state and from nothing else: not from names, not from neighbours."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from moving_pair import SYNCED_AFTER, address, complete, new_batch, ready, state
from planted_failures import Planted, all_causes, planted_pair, take

CAUSES = all_causes()
IN_ONE_MAILBOX = [cause for cause in CAUSES if not cause.everybody]
NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{2,9}", fullmatch=True), min_size=3, max_size=3, unique=True)
PLACES = st.integers(0, 2)
Outcome = tuple[str, str | None, str | None]


def outcomes(names: list[str], cause: Planted, place: int) -> list[Outcome]:
    """Status, cause and exception of each, in order."""
    pair = planted_pair(ready(*names), cause, names[place])
    new_batch(pair, *names)
    pair.advance(SYNCED_AFTER)
    take(pair, cause.facts.get("first", []), names[place])
    if cause.at_completion:
        complete(pair)
    view = state(pair)
    batch = next(b for b in view["target"]["migration_batches"] if b["name"] == "W01")
    by_address = {user["identity"]: (user["status"], user["cause"], user["error"]) for user in batch["users"]}
    return [by_address[address(name)] for name in names]


@settings(max_examples=15, deadline=None)
@given(names=NAMES, cause=st.sampled_from(CAUSES), place=PLACES)
def test_renaming_everybody_changes_no_outcome(names: list[str], cause: Planted, place: int) -> None:
    """Two pairs that differ in names alone come to the same outcomes."""
    assert outcomes(["anna", "bert", "carl"], cause, place) == outcomes(names, cause, place)


@settings(max_examples=15, deadline=None)
@given(cause=st.sampled_from(IN_ONE_MAILBOX), place=PLACES)
def test_one_cause_flips_one_mailbox(cause: Planted, place: int) -> None:
    """Whoever has the cause fails for it; the others come to where they come without it."""
    found = outcomes(["anna", "bert", "carl"], cause, place)
    good = "Completed" if cause.at_completion else "Synced"
    assert (cause.status, cause.facts["cause"], cause.facts["says"]) == found.pop(place)
    assert [(good, None, None)] * 2 == found
