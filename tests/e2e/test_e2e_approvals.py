"""A change that cannot be undone is not made without the approval that it needs, whatever stands in the file."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_workplace import (
    APPROVER,
    SECRETS,
    SOURCE_ID,
    Finished,
    Operator,
    Workplace,
    approver_key,
    example,
    workplace,
)
from simulator_process import writes

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import StalePlanError
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STRANGER = "mallory@northwindtraders.onmicrosoft.com"
NOBODY_ELSE = "sha256:" + "ab" * 32
REASONS = {
    "claimed": "nobody signed it, so it is only claimed",
    "approver": "project.yaml does not list this approver",
    "window": "it is made for longer than 7 days",
    "expired": "it is valid from",
    "sign-in": "its proof does not match what it says",
    "signature": "its proof does not match what it says",
    "level": "it is of level 2, the change needs level 3",
    "section": "it is for section 060",
}


def later(moment: str, **by: float) -> str:
    """A moment of `approvals.yaml`, moved."""
    return (datetime.fromisoformat(moment) + timedelta(**by)).isoformat()


def forgeries(claimed: dict[str, Any], signed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Approvals of the very change that is planned, each wrong in one way; the name is part of the note."""
    proof = signed["proof"]
    return {
        "claimed": claimed,
        "approver": {**signed, "approver": STRANGER},
        "window": {**signed, "valid_until": later(signed["valid_until"], days=30)},
        "expired": {
            **signed,
            "given_at": later(signed["given_at"], days=-9),
            "valid_until": later(signed["valid_until"], days=-9),
        },
        "sign-in": {**claimed, "proof": {"kind": "sign-in", "value": NOBODY_ELSE}},
        "signature": {**signed, "valid_until": later(signed["valid_until"], minutes=-1)},
        "level": {**signed, "level": 2},
        "section": {**signed, "section": "060"},
        "other proof": {**claimed, "proof": {**proof, "kind": "sign-in"}},
    }


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The approver's private key in a file, and the public one as PEM."""
    return approver_key(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, key: tuple[Path, str]) -> Iterator[Workplace]:
    """A project whose section 070 is planned, on a dehydrated target."""

    def change(settings: dict[str, Any]) -> None:
        settings["approvers"][0]["public_key"] = key[1]

    with workplace(tmp_path_factory.mktemp("approvals"), change=change) as made:
        made.run("plan", "070")
        yield made


@pytest.fixture(scope="module")
def refused(place: Workplace, key: tuple[Path, str]) -> Finished:
    """The apply run of a project that holds every forgery, and no approval that holds."""
    project = place.copy_of_project("forged")
    book = project / "approvals.yaml"
    fields = ("approve", "070", "--by", APPROVER, "--yes", "--project", project)
    for proof in (("--claim",), ("--key", key[0])):
        done = place.xtmig(*fields, *proof)
        assert done.returncode == 0, done.stderr
    claimed, signed = yaml.safe_load(book.read_text(encoding="utf-8"))["approvals"]
    assert (None, "signature") == (claimed["proof"], signed["proof"]["kind"])
    forged = forgeries(claimed, copy.deepcopy(signed))
    book.write_text(yaml.safe_dump({"approvals": list(forged.values())}), encoding="utf-8")
    return place.run("apply", "070", project=project)


def customization(finished: Finished) -> dict[str, Any]:
    """What the result says of the change that cannot be undone."""
    return next(planned for planned in finished.result["planned"] if planned["step"] == "070.1")


def test_without_an_approval_nothing_is_written(place: Workplace) -> None:
    """An unapproved level-3 change waits for a second person: exit code 4, and no write."""
    finished = place.run("apply", "070", project=place.copy_of_project("bare"))
    assert (4, "waiting") == (finished.done.returncode, finished.states()["070.1"]), finished.done.stdout
    assert [] == writes(place.record())


def test_an_approval_of_another_change_is_none(place: Workplace, key: tuple[Path, str]) -> None:
    """A signed approval whose hash was changed by hand names another change: exit code 4, the reason, no write."""
    project = place.copy_of_project("other-hash")
    done = place.xtmig("approve", "070", "--by", APPROVER, "--key", key[0], "--yes", "--project", project)
    assert done.returncode == 0, done.stderr
    book = project / "approvals.yaml"
    data = yaml.safe_load(book.read_text(encoding="utf-8"))
    data["approvals"][0]["changes"] = [NOBODY_ELSE]
    book.write_text(yaml.safe_dump(data), encoding="utf-8")
    finished = place.run("apply", "070", project=project)
    assert 4 == finished.done.returncode, finished.done.stdout
    assert "no approval names this exact change" in str(customization(finished)["refused_because"])
    assert [] == writes(place.record())


def test_no_forged_approval_lets_anything_be_written(place: Workplace, refused: Finished) -> None:
    """Nine approvals that name the change, each wrong in one way, open nothing: exit code 4, and no write."""
    assert (4, "waiting") == (refused.done.returncode, refused.states()["070.1"]), refused.done.stdout
    assert [] == writes(place.record())
    assert place.simulator.state("target")["dehydrated"] is True


@pytest.mark.parametrize("name", REASONS)
def test_a_refusal_says_why(refused: Finished, name: str) -> None:
    """Each approval that does not hold is refused with its own reason."""
    reasons = " | ".join(customization(refused)["refused_because"]).split(" | ")
    who = STRANGER if name == "approver" else APPROVER
    assert any(reason.startswith(f"the approval of {who}: ") and REASONS[name] in reason for reason in reasons), reasons


def test_every_forgery_is_answered(refused: Finished) -> None:
    """No approval is passed over in silence."""
    reasons = " | ".join(customization(refused)["refused_because"])
    assert 9 == reasons.count("the approval of ")


def test_what_waits_for_an_approval_is_an_open_item(refused: Finished) -> None:
    """The report tells who must act, and by which command."""
    items = [item for item in refused.result["open_items"] if item["step"] == "070.1"]
    assert any("approve" in f"{item['what']} {item['remedy']}".lower() for item in items), items


def test_a_stranger_cannot_approve(place: Workplace) -> None:
    """`xtmig approve` takes only people whom `project.yaml` lists: exit code 2, and nothing is recorded."""
    before = (place.project / "approvals.yaml").read_bytes()
    done = place.xtmig("approve", "070", "--by", STRANGER, "--claim", "--yes", "--project", place.project)
    assert (2, before) == (done.returncode, (place.project / "approvals.yaml").read_bytes())
    assert f"{STRANGER} is not an approver" in done.stderr


def test_a_section_that_was_not_planned_cannot_be_approved(place: Workplace) -> None:
    """There is nothing to approve before a plan, and the error names the command that plans."""
    done = place.xtmig("approve", "060", "--by", APPROVER, "--claim", "--yes", "--project", place.project)
    assert 2 == done.returncode
    assert "xtmig run 060" in done.stderr


def test_consent_before_the_application_names_the_step_that_comes_first(tmp_path: Path) -> None:
    """Where xtmig writes the consent and nothing is registered, `xtmig approve` says what comes first: exit code 2."""

    def change(settings: dict[str, Any]) -> None:
        settings["consent"] = {"source": "xtmig", "target": "xtmig"}

    with workplace(tmp_path / "early", change=change) as early:
        finished = early.run("plan", "060")
        assert (4, {"060.1": "later", "060.2": "later"}) == (finished.done.returncode, finished.states())
        answer = "No check of section 060 failed; the run waits for step 050.1, which comes first; nothing was changed"
        assert answer == finished.result["answer"]
        done = early.xtmig("approve", "060", "--by", APPROVER, "--claim", "--yes", "--project", early.project)
        assert 2 == done.returncode, done.stdout
        assert "060.1 needs step 050.1 first" in done.stderr
        assert "xtmig run 050 --mode apply" in done.stderr
        assert [] == writes(early.record())


@pytest.fixture
def altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """Tenants whose relationship with the source exists and is closed, and whose customization is enabled."""
    tenants = example()
    tenants["target"]["dehydrated"] = False
    tenants["target"]["organization_relationships"].append(
        {"name": "Old friends", "domain_names": [SOURCE_ID], "mailbox_move_capability": ["RemoteOutbound"]}
    )
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with workplace(tmp_path / "place", tenants) as made:
        yield made


def applied_after(place: Workplace, section: str, step: str, meanwhile: Any) -> StalePlanError:
    """Plan a step as a person does in a front end, let somebody else act, apply; what the person is told."""
    opened = open_section(section, project=place.project, mode="interactive", redactor=Redactor())
    try:
        for side in opened.section.sides:
            opened.sign_in(side)
        planned = opened.engine.plan(opened.step(step))
        assert "planned" == planned.state
        meanwhile()
        before = len(writes(place.record()))
        with pytest.raises(StalePlanError) as refused, opened.writing():
            opened.engine.apply(planned)
        assert before == len(writes(place.record()))
    finally:
        opened.close()
    return refused.value


def test_a_relationship_altered_since_the_plan_is_left_alone(altered: Workplace) -> None:
    """A relationship that somebody altered after the plan is not written to, and the error names the attribute."""

    def meanwhile() -> None:
        Operator(altered, "target").exchange(
            "Set-OrganizationRelationship",
            Identity="Old friends",
            MailboxMoveEnabled=True,
            MailboxMoveCapability="RemoteInbound",
        )

    error = applied_after(altered, "070", "070.5", meanwhile)
    assert "organization relationship Old friends is no longer as the plan saw it" in error.message
    assert "MailboxMoveCapability" in error.message
    assert "RemoteInbound" in error.message
    assert "Plan again" in str(error.remedy)


def test_an_application_registered_since_the_plan_is_left_alone(altered: Workplace) -> None:
    """An application of the same unique name that appeared after the plan is neither changed nor doubled."""
    name = "xtmig mailbox migration e2e"

    def meanwhile() -> None:
        body = {"displayName": name, "uniqueName": name, "signInAudience": "AzureADMyOrg"}
        Operator(altered, "target").register(body)
        altered.simulator.advance(60)

    error = applied_after(altered, "050", "050.1", meanwhile)
    assert f"application {name} is no longer as the plan saw it" in error.message
