"""A write is done and its answer never comes: it is looked for, nothing is made twice or left behind (F-24, F-64)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mending import Administrator, project_over
from moving_pair import APP_ID, ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.deep

ROUNDS = 5
SETTLED = "no change no change no change no change no change"


@pytest.fixture
def administrator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Administrator]:
    """A project whose target has the application, and neither endpoint nor relationship."""
    data = ready("anna")
    data["target"]["migration_endpoints"] = []
    data["target"]["organization_relationships"] = []
    # a secret is taken as soon as it is made: what is refused because it is too new is told elsewhere
    data["target"]["lags"] = data["target"].get("lags", {}) | {"secret_accepted": 0}
    with project_over(tmp_path, data, monkeypatch, {"secret": {"origin": "minted"}}) as made:
        made.consent()
        made.simulator.advance(600)
        yield made


def lose(administrator: Administrator, **where: Any) -> None:
    """Let the next such write be done, and its answer be lost."""
    administrator.simulator.control("POST", "/inject", {"kind": "reset-after", **where})


def apply(administrator: Administrator) -> list[str]:
    """Apply section 070 as often as a person would, with approvals; the states of its steps after each run."""
    states = []
    for _ in range(ROUNDS):
        administrator.approve(administrator.run("070", mode="plan"))
        views = administrator.run("070")
        states.append(" ".join(view.state for view in views.values()))
        administrator.simulator.advance(600)
    return states


def minted(administrator: Administrator) -> list[dict[str, Any]]:
    """The secrets that the project has made for the migration application."""
    (application,) = (one for one in administrator.simulator.state("target")["applications"] if one["app_id"] == APP_ID)
    return [one for one in application["passwords"] if str(one["display_name"]).startswith("xtmig trouble ")]


def sent(administrator: Administrator, called: str) -> list[tuple[int, bool]]:
    """Each request for a cmdlet, or for a path of Graph that ends so: its status, and whether the answer was lost."""
    lines = administrator.simulator.record()
    own = [line for line in lines if line["cmdlet"] == called or line["path"].endswith(called)]
    return [(line["status"], bool(line.get("fault"))) for line in own]


def test_a_lost_secret_leaves_no_credential_behind(administrator: Administrator) -> None:
    """A secret is made and its text lost: what nobody knows is removed, and the one that is used remains."""
    lose(administrator, service="graph", path="/v1.0/applications/*/addPassword")
    states = apply(administrator)
    assert "failed" in states[0]
    assert states[-1] == SETTLED
    assert [(200, True), (200, False)] == sent(administrator, "/addPassword")
    assert 1 == len(sent(administrator, "/removePassword"))
    assert 1 == len(minted(administrator))
    assert 1 == len(administrator.simulator.state("target")["migration_endpoints"])


def test_what_was_made_is_found_before_it_is_made_again(administrator: Administrator) -> None:
    """A relationship is made and the answer lost: it is sent once, and found by a read."""
    lose(administrator, service="exo", cmdlet="New-OrganizationRelationship")
    states = apply(administrator)
    assert states[-1] == SETTLED
    assert [(200, True)] == sent(administrator, "New-OrganizationRelationship")
    assert 1 == len(administrator.simulator.state("target")["organization_relationships"])


def test_an_endpoint_whose_answer_was_lost_is_made_once(administrator: Administrator) -> None:
    """An endpoint is made and the answer lost: it is not made again, and its secret is the only one."""
    lose(administrator, service="exo", cmdlet="New-MigrationEndpoint")
    states = apply(administrator)
    assert states[-1] == SETTLED
    assert [(200, True)] == sent(administrator, "New-MigrationEndpoint")
    assert 1 == len(administrator.simulator.state("target")["migration_endpoints"])
    assert 1 == len(minted(administrator))
