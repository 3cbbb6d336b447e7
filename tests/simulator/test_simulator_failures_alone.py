"""Failures come from state and from nothing else: not from names, not from neighbours."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from moving_pair import ENDPOINT, SYNCED_AFTER, address, complete, make_ready, new_batch, ready, state
from planted_failures import Planted, all_causes, plant, take
from renamed_pair import Renaming, plain_values, renamed, renamed_pair

CAUSES = all_causes()
IN_ONE_MAILBOX = [cause for cause in CAUSES if not cause.everybody]
NAME = st.from_regex(r"[a-z][a-z0-9]{2,9}", fullmatch=True)
NAMES = st.lists(NAME, min_size=3, max_size=3, unique=True)
PLACES = st.integers(0, 2)
Outcome = tuple[str, str | None, str | None]


THINGS = ("contoso", "northwindtraders", "Scope", "To Northwind", "From Contoso", ENDPOINT, "W01")
THEIR_NAMES = st.lists(NAME, min_size=len(THINGS), max_size=len(THINGS), unique=True)
AS_IT_IS = Renaming({})


def outcomes(names: list[str], cause: Planted, place: int, renaming: Renaming = AS_IT_IS) -> list[Outcome]:
    """Status, cause and exception of each, in order."""
    data = renamed(plant(ready(*names), cause, names[place]), renaming)
    pair = renamed_pair(make_ready(data, consent=cause.facts.get("consent", True)), renaming)
    new_batch(pair, *names)
    pair.advance(SYNCED_AFTER)
    take(pair, cause.facts.get("first", []), names[place])
    if cause.at_completion:
        complete(pair)
    batches: list[dict[str, Any]] = state(pair)["target"]["migration_batches"]
    batch = next(b for b in batches if b["name"] == renamed("W01", renaming))
    by_address = {user["identity"]: (user["status"], user["cause"], user["error"]) for user in batch["users"]}
    return [by_address[renamed(address(name), renaming)] for name in names]


@settings(max_examples=15, deadline=None)
@given(names=NAMES, cause=st.sampled_from(CAUSES), place=PLACES)
def test_renaming_everybody_changes_no_outcome(names: list[str], cause: Planted, place: int) -> None:
    """Two pairs that differ in the names of people alone come to the same outcomes."""
    assert outcomes(["anna", "bert", "carl"], cause, place) == outcomes(names, cause, place)


@settings(max_examples=15, deadline=None, phases=(Phase.generate,))  # names are not clearer for being shorter
@given(names=THEIR_NAMES, cause=st.sampled_from(CAUSES), place=PLACES)
def test_renaming_everything_else_changes_no_outcome(names: list[str], cause: Planted, place: int) -> None:
    """Domains, group, relationships, endpoint and batch may have any name: the outcomes are the same."""
    people = ["anna", "bert", "carl"]
    renaming = Renaming(dict(zip(THINGS, names, strict=True)))
    assert outcomes(people, cause, place) == outcomes(people, cause, place, renaming)


def test_the_renaming_reaches_both_tenants() -> None:
    """No old name is left in the tenants file, so that the test above compares with something else."""
    renaming = Renaming({thing: f"new{number}" for number, thing in enumerate(THINGS)})
    values = [value for value in plain_values(renamed(ready("anna"), renaming)) if isinstance(value, str)]
    assert [] == [value for value in values if any(thing in value for thing in ("contoso.", "northwindtraders."))]
    assert set() == set(THINGS) & set(values)
    assert {"new2", "new3", "new4", "new5"} <= set(values)


@settings(max_examples=15, deadline=None)
@given(cause=st.sampled_from(IN_ONE_MAILBOX), place=PLACES)
def test_one_cause_flips_one_mailbox(cause: Planted, place: int) -> None:
    """Whoever has the cause fails for it; the others come to where they come without it."""
    found = outcomes(["anna", "bert", "carl"], cause, place)
    good = "Completed" if cause.at_completion else "Synced"
    assert (cause.status, cause.facts["cause"], cause.facts["says"]) == found.pop(place)
    assert [(good, None, None)] * 2 == found
