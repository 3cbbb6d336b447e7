"""From section 120 on, nothing that needs an approval is done without one that holds, whatever stands in the file."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, make_project, seen, world
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fake_tenants import LARA, Runbook
from guarded_worlds import CASES, FREE, GUARDED, Case, ObedientTenant, changing_steps
from pydantic import ValidationError

from xtmig_kernel.changes import ExchangeCall, Level, canonical
from xtmig_kernel.errors import EngineError
from xtmig_kernel.project import Approval, Proof, SignOff
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.changes import Call, Change
    from xtmig_kernel.store import Ledger

OPERATOR = "admin@northwindtraders.onmicrosoft.com"
STRANGER = "mallory@northwindtraders.onmicrosoft.com"
NOBODY = "sha256:" + "ab" * 32
KEY, FOREIGN_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WHO = {2: "an approver", 3: "a second person who approves"}


def runbook(folder: Path, case: Case) -> Runbook:
    """A runbook in the world of a case, in which everything but the approval is there; Lara and the operator may."""
    made = Runbook(folder, **case.there)
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    approvers = [{"name": upn, "upn": upn, "side": "target", "public_key": public} for upn in (LARA, OPERATOR)]
    made.project = make_project(**case.project, approvers=approvers, folder=folder)
    made.sign_offs = tuple(SignOff(statement=item, by="anna", at=NOW, note="seen") for item in case.signed)
    made.tenants = {side: ObedientTenant(made, side, case.step) for side in ("source", "target")}
    return made


def only_change(case: Case) -> Change:
    """The change that the step plans in the world of the case."""
    (change,) = STEPS[case.step].plan(seen(world(**case.there)), make_project(**case.project))
    return change


def name_of(call: Call) -> str:
    """Cmdlet, or method and path."""
    return call.cmdlet if isinstance(call, ExchangeCall) else f"{call.method} {call.path}"


def approval(change: Change, **others: Any) -> Approval:
    """The approval that a change needs, not yet proven."""
    values = {"section": change.step[:3], "level": int(change.level), "changes": (change.hash,), "approver": LARA}
    return Approval.model_validate(values | {"given_at": NOW - SECOND, "valid_until": NOW + DAY} | others)


def signed(given: Approval, key: Ed25519PrivateKey = KEY) -> Approval:
    """The approval with a signature."""
    value = base64.b64encode(key.sign(canonical(given.signed_data()).encode())).decode()
    return given.model_copy(update={"proof": Proof(kind="signature", value=value)})


def signed_in(given: Approval, ledger: Ledger, who: str = LARA) -> Approval:
    """The approval with the ledger's entry about somebody's sign-in for it."""
    entry = ledger.append("approval_given", {"approval": given.signed_data(), "name": who})
    return given.model_copy(update={"proof": Proof(kind="sign-in", value=entry.hash)})


def with_proof(given: Approval, kind: Any, value: str) -> Approval:
    """The approval with whatever proof somebody has written into the file."""
    return given.model_copy(update={"proof": Proof(kind=kind, value=value)})


Forgery = tuple[str, "Callable[[Change, Ledger], Approval]"]
UNPROVEN = "its proof does not match what it says"
FORGERIES: dict[str, Forgery] = {
    "another approver": ("does not list this approver", lambda c, _: signed(approval(c, approver=STRANGER))),
    "window over": ("it is valid from", lambda c, _: signed(approval(c, given_at=NOW - DAY, valid_until=NOW - SECOND))),
    "window to come": ("it is valid from", lambda c, _: signed(approval(c, given_at=NOW + SECOND))),
    "window too long": ("it is made for longer than", lambda c, _: signed(approval(c, valid_until=NOW + 15 * DAY))),
    "another section": ("it is for section 060", lambda c, _: signed(approval(c, section="060"))),
    "edited by hand": (UNPROVEN, lambda c, _: signed(approval(c)).model_copy(update={"valid_until": NOW + 2 * DAY})),
    "extended to this change": (
        UNPROVEN,
        lambda c, _: signed(approval(c, changes=(NOBODY,))).model_copy(update={"changes": (c.hash, NOBODY)}),
    ),
    "foreign key": (UNPROVEN, lambda c, _: signed(approval(c), FOREIGN_KEY)),
    "made-up signature": (UNPROVEN, lambda c, _: with_proof(approval(c), "signature", "AAAA")),
    "made-up sign-in": (UNPROVEN, lambda c, _: with_proof(approval(c), "sign-in", NOBODY)),
    "sign-in of somebody else": (UNPROVEN, lambda c, ledger: signed_in(approval(c), ledger, STRANGER)),
    "sign-in for something else": (
        UNPROVEN,
        lambda c, ledger: signed_in(approval(c, changes=(NOBODY,)), ledger).model_copy(update={"changes": (c.hash,)}),
    ),
}  # fmt: skip
FORGERIES_OF_LEVEL_3: dict[str, Forgery] = {
    "level too low": ("it is of level 2, the change needs level 3", lambda c, _: signed(approval(c, level=2))),
    "nobody signed": ("so it is only claimed", lambda c, _: approval(c)),
    "the operator's own": (
        "is the person who makes the change",
        lambda c, _: signed(approval(c, approver=OPERATOR)),
    ),
    "eight days": ("longer than 7 days", lambda c, _: signed(approval(c, valid_until=NOW + 8 * DAY))),
}  # fmt: skip


def forgeries(case: Case) -> dict[str, Forgery]:
    """Every way in which an approval of this case can be wrong."""
    return FORGERIES | (FORGERIES_OF_LEVEL_3 if case.level == Level.SECOND_PERSON else {})


def title(case: Case) -> str:
    """The name of a case in the list of tests."""
    return f"{case.step} {case.call}"


each_guarded = pytest.mark.parametrize("case", GUARDED, ids=title)


def test_every_changing_step_has_its_case() -> None:
    """No step from section 120 on that can change a tenant is missing here; a new one fails until it has a case."""
    assert {case.step for case in CASES} == set(changing_steps())
    assert {case.step for case in GUARDED}.isdisjoint(case.step for case in FREE)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_level_is_that_of_the_design(case: Case) -> None:
    """The start of copying, licences and removals are level 2, what cannot be undone is level 3, the rest level 1."""
    change = only_change(case)
    assert ([case.call], case.level) == ([name_of(call) for call in change.calls], change.level)


def test_free_steps_never_need_an_approval() -> None:
    """In no world of this table does a step that is said to be free plan anything of a higher level."""
    free = {case.step for case in FREE}
    planned = [
        change
        for case in CASES
        for step in free
        for change in STEPS[step].plan(seen(world(**case.there)), make_project(**case.project))
    ]
    assert free == {change.step for change in planned}
    assert {Level.UNDOABLE} == {change.level for change in planned}


@each_guarded
def test_nothing_is_done_without_an_approval(tmp_path: Path, case: Case) -> None:
    """Without any approval, or with one of another change, no call reaches a tenant, and it is said who is missing."""
    made = runbook(tmp_path, case)
    other = replace(only_change(case), title="Another change")
    for given in ((), (signed(approval(other)),)):
        made.approvals = given
        view = made.run(case.step)
        assert ("waiting", WHO[case.level], []) == (view.state, view.waits_for, made.fakes.written())
    assert ["approval_refused"] * 2 == made.kinds(case.step)


@each_guarded
def test_nothing_is_done_by_an_approval_that_does_not_hold(tmp_path: Path, case: Case) -> None:
    """With every forgery in the file at once no call reaches a tenant, and each is told with what is wrong with it."""
    made = runbook(tmp_path, case)
    wrong = forgeries(case)
    made.approvals = tuple(make(only_change(case), made.ledger) for _, make in wrong.values())
    view = made.run(case.step)
    assert ("waiting", []) == (view.state, made.fakes.written())
    (refusal,) = made.ledger.entries("approval_refused")
    told = refusal.data["reasons"][0].split(" | ")
    assert len(told) == len(wrong)
    assert {} == {name: text for text, (name, (reason, _)) in zip(told, wrong.items(), strict=True)
                  if reason not in text or ";" in text}  # fmt: skip


@each_guarded
@pytest.mark.parametrize("proof", ["signature", "sign-in"])
def test_the_right_approval_lets_it_through(tmp_path: Path, case: Case, proof: str) -> None:
    """With the approval that it needs among all forgeries the very call is made, so nothing else held it back."""
    made = runbook(tmp_path, case)
    change = only_change(case)
    right = signed(approval(change)) if proof == "signature" else signed_in(approval(change), made.ledger)
    made.approvals = (*(make(change, made.ledger) for _, make in forgeries(case).values()), right)
    view = made.run(case.step)
    assert [case.call] == made.fakes.written(), view.note
    assert ["approval_used", "intent", "outcome"] == made.kinds(case.step)[:3]


@pytest.mark.parametrize("case", CASES, ids=title)
def test_plan_mode_changes_nothing(tmp_path: Path, case: Case) -> None:
    """In plan mode even an approved change is planned alone, and refused when it is applied all the same."""
    made = runbook(tmp_path, case)
    made.approvals = (signed(approval(only_change(case))),) if case in GUARDED else ()
    assert made.run(case.step, may_write=False).state == "planned"
    with pytest.raises(EngineError, match="this run may only plan"):
        made.engine(case.step[:3], may_write=False).apply(made.plan(case.step))
    assert [] == made.fakes.written()


@pytest.mark.parametrize("level", [0, 1, 4])
def test_no_approval_is_of_another_level(level: int) -> None:
    """An approval of a level that asks for none, or that does not exist, is no approval and cannot be read."""
    with pytest.raises(ValidationError):
        approval(only_change(GUARDED[0]), level=level)
