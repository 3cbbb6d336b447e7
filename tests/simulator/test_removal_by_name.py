"""Who is taken out of a batch: whoever was named and is that one entry, whatever else a name could mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mending import BATCH, ONE_WAVE, USERS, Administrator, project_over
from moving_pair import address, ready

from xtmig_kernel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = "onboarding"
NAMED = [address("anna"), address("bert"), "nobody@northwindtraders.com"]
"""Anna is one entry; Bert is in somebody else's batch as well, so the address means two; nobody is nobody."""


@pytest.fixture
def administrator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Administrator]:
    """A project that wants three users taken out, over a pair in which everybody is synced."""
    data = ready(*USERS)
    data["target"]["migration_users"] = [
        {"identity": address("bert"), "batch": OTHERS}, {"identity": address("stranger"), "batch": OTHERS},
    ]  # fmt: skip
    with project_over(tmp_path, data, monkeypatch, {"move": {**ONE_WAVE, "stop": NAMED}}) as made:
        made.consent()
        made.simulator.advance(60)
        made.begin(*USERS)
        yield made


def entries(administrator: Administrator) -> set[tuple[str, str]]:
    """Everybody in every batch, as the simulator's own state tells."""
    batches: list[dict[str, Any]] = administrator.simulator.state("target")["migration_batches"]
    return {(batch["name"], user["identity"]) for batch in batches for user in batch["users"]}


def test_a_removal_touches_nobody_who_was_not_named(administrator: Administrator) -> None:
    """Section 180 takes out Anna; an unknown name takes out nobody, and a name that means two neither (BAT-05)."""
    before = entries(administrator)
    for _ in range(3):  # stopped first, taken out then
        administrator.approve(administrator.run("180", mode="plan"))
        administrator.run("180")
        administrator.simulator.advance(600)
    assert before - entries(administrator) == {(BATCH, address("anna"))}
    assert entries(administrator) <= before


def test_a_blank_identity_is_never_sent(administrator: Administrator) -> None:
    """The client refuses a blank name before sending, for the service would take it for everybody (F-12, F-84)."""
    before, sent = entries(administrator), len(administrator.simulator.record())
    for cmdlet in ("Remove-MigrationUser", "Stop-MigrationUser", "Remove-MigrationBatch", "Stop-MigrationBatch"):
        for identity in ("", " ", None):
            with pytest.raises(UsageError):
                administrator.call("target", cmdlet, Identity=identity)
    cmdlets = {line["cmdlet"] for line in administrator.simulator.record()[sent:]}
    assert not [cmdlet for cmdlet in cmdlets if cmdlet and not cmdlet.startswith("Get-")]
    assert entries(administrator) == before
