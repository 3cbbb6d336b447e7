"""A notebook as a person steps through it: the cells, the card, the buttons, on two simulated tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from e2e_screen import Screen
from e2e_workplace import SECRETS, SOURCE_ID, Operator, Workplace, example, workplace
from simulator_process import writes

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.jupyter import face_display, open_notebook
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

APPLY = "Apply to TARGET"
RELATIONSHIP = "Old friends"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(face_display, "display", made.display)
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Tenants whose relationship with the source exists and is closed, and whose customization is enabled."""
    tenants = example()
    tenants["target"]["dehydrated"] = False
    tenants["target"]["organization_relationships"].append(
        {"name": RELATIONSHIP, "domain_names": [SOURCE_ID], "mailbox_move_capability": ["RemoteOutbound"]}
    )
    with workplace(tmp_path_factory.mktemp("interactive") / "place", tenants) as made:
        yield made


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def click_after(place: Workplace, screen: Screen, step: str, meanwhile: Callable[[], None]) -> tuple[str, list[str]]:
    """Plan in one cell, let somebody else act, and press Apply below the next cell.

    Returns:
        The card after the click, and what the click wrote to the tenants.
    """
    face = open_notebook(step.partition(".")[0], project=str(place.project), mode="interactive")
    try:
        for side in face.run.section.sides:
            face.run.sign_in(side)
        face[step].plan()
        face[step].apply()
        meanwhile()
        before = len(place.record())
        card = screen.click(APPLY)
        return card, writes(place.record()[before:])
    finally:
        face.run.close()


def problems(folder: Path, step: str) -> list[str]:
    """Types of the errors that the ledger holds of a step."""
    entries = Ledger(folder, SystemClock(), Redactor(), "reader").entries("problem")
    return [entry.data["type"] for entry in entries if entry.step == step]


def test_click_on_a_relationship_that_was_altered_is_refused(place: Workplace, screen: Screen, secrets: None) -> None:
    """Somebody alters the relationship between plan and click: the card names what changed, nothing is written."""

    def meanwhile() -> None:
        Operator(place, "target").exchange(
            "Set-OrganizationRelationship",
            Identity=RELATIONSHIP,
            MailboxMoveEnabled=True,
            MailboxMoveCapability="RemoteInbound",
        )

    card, written = click_after(place, screen, "070.5", meanwhile)
    assert [] == written
    assert f"organization relationship {RELATIONSHIP} is no longer as the plan saw it" in card
    assert "MailboxMoveCapability" in card
    assert "RemoteInbound" in card
    assert "Plan again" in card
    assert screen.buttons[APPLY].disabled
    assert ["StalePlanError"] == problems(place.project, "070.5")


def test_click_on_an_application_that_appeared_is_refused(place: Workplace, screen: Screen, secrets: None) -> None:
    """Somebody registers the application between plan and click: it is neither altered nor doubled."""
    name = "xtmig mailbox migration e2e"

    def meanwhile() -> None:
        Operator(place, "target").register({"displayName": name, "uniqueName": name, "signInAudience": "AzureADMyOrg"})
        place.simulator.advance(60)

    card, written = click_after(place, screen, "050.1", meanwhile)
    assert [] == written
    assert f"application {name} is no longer as the plan saw it" in card
    assert screen.buttons[APPLY].disabled
    assert ["StalePlanError"] == problems(place.project, "050.1")


def test_click_on_a_plan_that_still_holds_is_carried_out(place: Workplace, screen: Screen, secrets: None) -> None:
    """Where nobody came between, the same click writes, so the two tests above say something."""
    card, written = click_after(place, screen, "070.5", lambda: None)
    assert ["target Set-OrganizationRelationship"] == written, card
