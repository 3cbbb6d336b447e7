"""What `waivers.yaml` comes to: what holds, what has ended, what speaks of nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, make_project, observed, refused, world
from pydantic import ValidationError
from stay_facts import JO, LARA, lara_and_jo
from user_facts import SCOPE

from xtmig_kernel.project import Waiver
from xtmig_kernel.rules.assessment import Assessment, assess

if TYPE_CHECKING:
    from collections.abc import Mapping

HELD = {"source__mailbox_states": {"LitigationHoldEnabled": True}}
RULE = "mailbox-not-held"
TOMORROW, YESTERDAY = date(2026, 11, 24), date(2026, 11, 22)


def waiver(subject: str = LARA, rule: str = RULE, until: date = TOMORROW) -> Waiver:
    return Waiver(rule=rule, subject=subject, reason="the case is closed", owner="Lara", until=until)


def assessed(*waivers: Waiver, missing: Mapping[str, Any] | None = None, **changes: Any) -> Assessment:
    facts = observed(world(**changes)) | dict(missing or {})
    return assess(facts, make_project(), NOW, waivers)


def states(*waivers: Waiver, **changes: Any) -> list[tuple[str, int]]:
    return [(state.state, state.findings) for state in assessed(*waivers, **changes).waivers]


def test_waiver_that_holds() -> None:
    """A waiver of a finding that is there holds, and counts it."""
    assert states(waiver(), **HELD) == [("holds", 1)]


def test_waiver_that_has_ended() -> None:
    """A waiver whose day has passed has ended, and says that its finding is there still."""
    assert states(waiver(until=YESTERDAY), **HELD) == [("ended", 1)]


def test_waiver_that_was_renewed() -> None:
    """An ended waiver with a newer one of the same finding was renewed."""
    assert states(waiver(until=YESTERDAY), waiver(), **HELD) == [("renewed", 1), ("holds", 1)]


def test_waiver_that_nothing_needs() -> None:
    """A waiver of a user about whom the rule has nothing to say is not needed, and no mistake."""
    found = assessed(waiver())
    assert [(state.state, state.findings) for state in found.waivers] == [("not needed", 0)]
    assert found.wrong_waivers == ()


def test_what_was_not_observed_is_never_waived() -> None:
    """Where the rule lacks its facts nothing is waived, and nobody says that the subject is unknown."""
    found = assessed(waiver("somebody@contoso.com"), waiver(), missing={"source.mailbox_states": refused()})
    assert {finding.verdict.kind for finding in found.findings if finding.rule == RULE} == {"not_observed"}
    assert {state.state for state in found.waivers} == {"not judged"}
    assert found.wrong_waivers == ()


def test_unknown_rule_is_an_error() -> None:
    """A waiver of a rule that there is not names its place, the rule, and the one that may be meant."""
    (text,) = assessed(waiver(), waiver(rule="mailbox-not-hold")).wrong_waivers
    assert text == (
        "waivers.yaml, waiver 2 (mailbox-not-hold): there is no rule 'mailbox-not-hold'; is 'mailbox-not-held' meant?"
    )


def test_unknown_subject_is_an_error() -> None:
    """A waiver about somebody who is no user and no object names the finding's own spelling, if one is near."""
    (text,) = assessed(waiver(LARA.lower()), **HELD).wrong_waivers
    assert text.endswith(f": nothing is called {LARA.lower()!r}; is {LARA!r} meant?")


@pytest.mark.parametrize("subject", [f"{JO} in {SCOPE}", f"{LARA} and {JO}", f"RoomMailbox {JO}", SCOPE, JO])
def test_objects_without_a_finding_are_known(subject: str) -> None:
    """What is read, alone or named as rules name two things together, is known, though nothing is wrong with it now."""
    assert assessed(waiver(subject), **lara_and_jo()).wrong_waivers == ()


@pytest.mark.parametrize(
    "subject", [f"ghost@contoso.com in {SCOPE}", f"{LARA} and ghost@contoso.com", "RoomMailbox no"]
)
def test_half_of_what_is_named_is_not_enough(subject: str) -> None:
    """Of two things that are named together both must be there."""
    assert len(assessed(waiver(subject), **lara_and_jo()).wrong_waivers) == 1


def test_rule_of_a_later_section_is_not_judged_here() -> None:
    """A waiver of a rule that the preflight does not judge is kept and told as not judged."""
    found = assessed(waiver(rule="mailboxes-finished"))
    assert [state.state for state in found.waivers] == ["not judged"]
    assert found.wrong_waivers == ()


@pytest.mark.parametrize("name", ["rule", "subject", "reason", "owner", "until"])
def test_waiver_is_complete(name: str) -> None:
    """A waiver names rule, subject, reason, owner and the day on which it ends; none of them may be empty."""
    values = waiver().model_dump(mode="json")
    with pytest.raises(ValidationError):
        Waiver.model_validate({key: value for key, value in values.items() if key != name})
    with pytest.raises(ValidationError):
        Waiver.model_validate(values | {name: ""})
