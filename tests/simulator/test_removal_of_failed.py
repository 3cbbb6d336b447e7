"""Whom section 170 takes out: failed users of users.csv, each by what names that one entry, and nobody beside them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from mending import BATCH, ONE_WAVE, SECTIONS_LATER, USERS, Administrator, project_over
from moving_pair import DAY, DOMAIN, ENDPOINT, address, ready
from planted_failures import all_causes, plant

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import StalePlanError
from xtmig_kernel.runbook import STEPS, open_section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOREIGN, SECOND = "onboarding", "trouble-two"
REMOVE = "170.4"
TWO_WAVES = {"waves": [*ONE_WAVE["waves"], {"name": "two", "start": "2026-11-01"}]}
MAINTENANCE = next(cause for cause in all_causes() if cause.name == "maintenance")
"""A cause after which the user's entry is removed and made anew, once the maintenance is over (ERR-10)."""


@contextmanager
def two_tenants(
    folder: Path, patch: pytest.MonkeyPatch, failing: tuple[str, ...], users_csv: str, *foreign: str
) -> Iterator[Administrator]:
    """A project over a pair in which some of its users fail, and some people are in somebody else's batch."""
    data = ready(*USERS, "dora", "stranger")
    for alias in failing:
        data = plant(data, MAINTENANCE, alias)
    data["target"]["migration_users"] = [{"identity": address(alias), "batch": FOREIGN} for alias in foreign]
    with project_over(folder, data, patch, {"move": TWO_WAVES}, speed=60) as made:
        lines = ["SourceAddress,TargetAddress,Wave", *users_csv.split()]
        (made.folder / "users.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        made.consent()
        made.simulator.advance(60)
        yield made


def by_hand(administrator: Administrator, batch: str, *aliases: str) -> None:
    """Somebody makes a batch past this project."""
    users = CsvBytes(("EmailAddress", *map(address, aliases)))
    parameters = {"Name": batch, "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True}
    administrator.call("target", "New-MigrationBatch", **parameters, CSVData=users)
    administrator.simulator.advance(SECTIONS_LATER)


def entries(administrator: Administrator) -> set[tuple[str, str]]:
    """Everybody in every batch, as the simulator's own state tells."""
    batches: list[dict[str, Any]] = administrator.simulator.state("target")["migration_batches"]
    return {(batch["name"], user["identity"]) for batch in batches for user in batch["users"]}


def removals(administrator: Administrator) -> list[Any]:
    """What was sent to remove users."""
    record = administrator.simulator.record()
    return [line["parameters"]["Identity"] for line in record if line["cmdlet"] == "Remove-MigrationUser"]


def removed(administrator: Administrator, rounds: int = 2) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Who is gone from which batch after section 170 was approved and applied several times, and who is new."""
    before = entries(administrator)
    for _ in range(rounds):
        administrator.approve(administrator.run("170", mode="plan"))
        administrator.run("170")
        administrator.simulator.advance(SECTIONS_LATER)
    return before - entries(administrator), entries(administrator) - before


def test_a_removal_touches_nobody_who_was_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four who failed the one whom users.csv means and one entry bears is removed, though a cell is blank (ERR-05).

    Carl's address means two entries, Dora stands in no line, and the stranger is in somebody else's batch.
    """
    lines = "anna@contoso.com,,one bert@contoso.com,,one carl@contoso.com,carl@northwindtraders.com,one"
    failing = ("bert", "carl", "dora", "stranger")
    with two_tenants(tmp_path, monkeypatch, failing, lines, "carl", "stranger") as administrator:
        administrator.begin(*USERS, "dora")
        administrator.simulator.advance(DAY)
        gone, new = removed(administrator)
        assert ({(BATCH, address("bert"))}, {(f"{BATCH}-r2", address("bert"))}) == (gone, new)
        assert [address("bert")] == removals(administrator)


def test_of_two_entries_the_failed_one_goes_by_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that two of this project's batches bear is never sent; the failed entry goes by its GUID (ERR-11)."""
    lines = "anna@contoso.com,,one bert@contoso.com,,one carl@contoso.com,,two"
    with two_tenants(tmp_path, monkeypatch, (), lines) as administrator:
        by_hand(administrator, SECOND, "carl")
        administrator.begin(*USERS)
        gone, new = removed(administrator)
        assert ({(BATCH, address("carl"))}, set()) == (gone, new)
        (sent,) = removals(administrator)
        assert "@" not in sent


@pytest.mark.parametrize("interactive", [True, False], ids=["by a click", "by a run"])
def test_a_name_that_became_ambiguous_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, interactive: bool
) -> None:
    """A removal that was planned while the address meant one entry is not made once it means two (ERR-05)."""
    lines = "anna@contoso.com,,one bert@contoso.com,,one carl@contoso.com,,one"
    with two_tenants(tmp_path, monkeypatch, ("bert",), lines) as administrator:
        administrator.begin(*USERS)
        administrator.simulator.advance(DAY)
        administrator.approve(administrator.run("170", mode="plan"))
        mode = "interactive" if interactive else "apply"
        section = open_section("170", project=administrator.folder, mode=mode, redactor=Redactor())
        for side in section.section.sides:
            section.sign_in(side)
        planned = section.engine.plan(STEPS[REMOVE])
        assert [address("bert")] == [change.calls[0].parameters["Identity"] for change in planned.changes]
        by_hand(administrator, FOREIGN, "bert")
        before = entries(administrator)
        assert {(BATCH, address("bert")), (FOREIGN, address("bert"))} <= before
        done = section.engine.apply(planned)
        section.close()
        assert (done.state, type(done.problem)) == ("failed", StalePlanError)
        administrator.simulator.advance(600)
        assert (before, []) == (entries(administrator), removals(administrator))
