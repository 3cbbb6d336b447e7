from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, TARGET_ID, make_project
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from ledger_process import rewrite

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject, canonical
from xtmig_kernel.errors import ApprovalError
from xtmig_kernel.project import Approval, Approvals, Proof, load_approvals, save_approvals
from xtmig_kernel.runbook.approvals import ApprovalJudge, find_approval

if TYPE_CHECKING:
    from pathlib import Path

    from core_facts import StillClock

    from xtmig_kernel.project import Project
    from xtmig_kernel.store import Ledger

LARA = "lara@northwindtraders.onmicrosoft.com"
OPERATOR = "admin@northwindtraders.onmicrosoft.com"
KEY = Ed25519PrivateKey.generate()


def change(level: Level = Level.SECOND_PERSON, **changes: Any) -> Change:
    subject = Subject("target", "organization_config", (("Name", "northwind"),), "organisation northwind")
    values: dict[str, Any] = {
        "step": "070.1",
        "side": "target",
        "tenant_id": TARGET_ID,
        "subject": subject,
        "title": "Enable organization customization",
        "before": {"IsDehydrated": True},
        "after": {"IsDehydrated": False},
        "calls": (ExchangeCall("Enable-OrganizationCustomization"),),
        "level": level,
        "undo": "Cannot be undone.",
        "statements": ("EPT-07",),
    }
    return Change(**(values | changes))


def project(key: Any = KEY, **changes: Any) -> Project:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    approver = {"name": "Lara", "upn": LARA, "side": "target", "public_key": pem}
    return make_project(approvers=[approver], **changes)


def approval(of: Change | None = None, **changes: Any) -> Approval:
    values: dict[str, Any] = {
        "section": "070",
        "level": 3,
        "changes": ((of or change()).hash,),
        "approver": LARA,
        "given_at": NOW - timedelta(hours=1),
        "valid_until": NOW + timedelta(days=2),
    }
    return Approval.model_validate(values | changes)


def signed(of: Approval, key: Ed25519PrivateKey = KEY) -> Approval:
    value = base64.b64encode(key.sign(canonical(of.signed_data()).encode())).decode()
    return of.model_copy(update={"proof": Proof(kind="signature", value=value)})


def signed_in(of: Approval, ledger: Ledger, name: str = LARA) -> Approval:
    """The approval with the ledger's entry that `xtmig approve` writes when the approver has signed in."""
    entry = ledger.append("approval_given", {"approval": of.signed_data(), "name": name, "tenant_id": TARGET_ID})
    return of.model_copy(update={"proof": Proof(kind="sign-in", value=entry.hash)})


def why_not(ledger: Ledger, given: Approval, of: Change | None = None, **others: Any) -> str:
    """Why an approval does not hold."""
    with pytest.raises(ApprovalError) as caught:
        find(ledger, given, of, **others)
    return str(caught.value.cause)


def find(
    ledger: Ledger, given: Approval, of: Change | None = None, named: Project | None = None, operator: str = OPERATOR
) -> Approval:
    return find_approval(of or change(), [given], named or project(), ledger, NOW, [operator])


def test_signature_holds(ledger: Ledger) -> None:
    """An approval that the approver signed with the key in project.yaml holds."""
    assert find(ledger, signed(approval())).approver == LARA


def test_sign_in_holds(ledger: Ledger) -> None:
    """An approval that the ledger saw its approver sign in for holds."""
    assert find(ledger, signed_in(approval(), ledger)).approver == LARA


def test_approver_is_compared_without_case(ledger: Ledger) -> None:
    """User principal names have no case."""
    assert find(ledger, signed(approval(approver=LARA.upper())))


def test_without_any_approval(ledger: Ledger) -> None:
    """Where none names the change, that is said, with how to get one."""
    with pytest.raises(ApprovalError, match="no approval names this exact change") as caught:
        find_approval(change(), [], project(), ledger, NOW, [OPERATOR])
    assert caught.value.remedy == "Ask a second person, signed in for: xtmig approve 070"


@pytest.mark.parametrize(
    "altered", [{"after": {"IsDehydrated": None}}, {"tenant_id": "x"}, {"title": "Another"}, {"lag_seconds": 1}]
)
def test_altered_change_is_not_covered(ledger: Ledger, altered: dict[str, Any]) -> None:
    """A change that says anything else than the approved one has no approval."""
    given = signed(approval())
    assert why_not(ledger, given, change(**altered)) == "no approval names this exact change"


def test_dropped_members_do_not_void(ledger: Ledger) -> None:
    """An approval of several changes holds for each of them, whatever became of the others."""
    given = signed(approval(changes=tuple(sorted([change().hash, "sha256:" + "0" * 64]))))
    assert find(ledger, given)


def test_section(ledger: Ledger) -> None:
    """An approval is for one section."""
    assert "it is for section 060" in why_not(ledger, signed(approval(section="060")))


def test_level(ledger: Ledger) -> None:
    """An approval of level 2 does not reach for what needs a second person."""
    assert "it is of level 2" in why_not(ledger, signed(approval(level=2)))


@pytest.mark.parametrize(
    ("given", "until"),
    [
        (NOW - timedelta(days=3), NOW - timedelta(seconds=1)),
        (NOW + timedelta(seconds=1), NOW + timedelta(days=1)),
    ],
    ids=["over", "not yet"],
)
def test_window(ledger: Ledger, given: Any, until: Any) -> None:
    """An approval holds within its window."""
    assert "it is valid from" in why_not(ledger, signed(approval(given_at=given, valid_until=until)))


def test_window_holds_to_the_second(ledger: Ledger) -> None:
    """The first and the last moment of the window belong to it."""
    assert find(ledger, signed(approval(given_at=NOW, valid_until=NOW)))


@pytest.mark.parametrize(("level", "days"), [(Level.NAMED, 14), (Level.SECOND_PERSON, 7)])
def test_longest_window(ledger: Ledger, level: Level, days: int) -> None:
    """An approval is made for 14 days at most, one of level 3 for seven."""
    of = change(level)
    right = approval(of, level=int(level), given_at=NOW, valid_until=NOW + timedelta(days=days))
    long = approval(of, level=int(level), given_at=NOW, valid_until=NOW + timedelta(days=days, seconds=1))
    assert find(ledger, signed(right), of)
    assert f"longer than {days} days" in why_not(ledger, signed(long), of)


def test_unknown_approver(ledger: Ledger) -> None:
    """Only those whom project.yaml lists approve."""
    given = approval(approver="somebody@else.example")
    assert "does not list this approver" in why_not(ledger, signed(given))


def test_claim_is_enough_for_level_two(ledger: Ledger) -> None:
    """An approval that nobody signed counts as claimed, and level 2 takes it."""
    of = change(Level.NAMED)
    assert find(ledger, approval(of, level=2), of).proof is None


def test_claim_is_refused_at_level_three(ledger: Ledger) -> None:
    """What needs a second person needs their proof."""
    assert "only claimed" in why_not(ledger, approval())


def test_wrong_proof_is_worse_than_none(ledger: Ledger) -> None:
    """A proof that does not match refuses the approval even where a claim would do."""
    of = change(Level.NAMED)
    given = signed(approval(of, level=2)).model_copy(update={"note": "altered"})
    assert "its proof does not match" in why_not(ledger, given, of)


def test_operator_is_no_second_person(ledger: Ledger) -> None:
    """Who makes the change cannot approve it at level 3, in whatever case the name is written."""
    assert "is the person who makes the change" in why_not(ledger, signed(approval()), operator=LARA.upper())


def test_operator_may_approve_at_level_two(ledger: Ledger) -> None:
    """Level 2 asks for a named approval, not for a second person."""
    of = change(Level.NAMED)
    assert find(ledger, signed(approval(of, level=2)), of, operator=LARA)


def test_four_eyes_off(ledger: Ledger) -> None:
    """Where four eyes are off with a reason, the operator may approve, still with proof."""
    alone = project(four_eyes={"off_because": "one administrator in all"})
    assert find(ledger, signed(approval()), named=alone, operator=LARA)
    assert "only claimed" in why_not(ledger, approval(), named=alone, operator=LARA)


@pytest.mark.parametrize(
    "altered",
    [
        {"note": "more"},
        {"valid_until": NOW + timedelta(days=3)},
        {"changes": (change().hash, "sha256:" + "1" * 64)},
        {"level": 2},
    ],
)
def test_signature_covers_everything(ledger: Ledger, altered: dict[str, Any]) -> None:
    """An approval that was altered after it was signed is refused."""
    given = signed(approval()).model_copy(update=altered)
    assert "its proof does not match" in why_not(ledger, given)


@pytest.mark.parametrize("value", ["", "AAAA", "not base64!", "é"])
def test_signature_that_is_none(ledger: Ledger, value: str) -> None:
    """Anything that is no signature is refused in words."""
    given = approval().model_copy(update={"proof": Proof(kind="signature", value=value)})
    assert "its proof does not match" in why_not(ledger, given)


def test_signature_of_another_key(ledger: Ledger) -> None:
    """A signature by a key that is not the approver's is refused."""
    assert "its proof does not match" in why_not(ledger, signed(approval(), Ed25519PrivateKey.generate()))


def test_key_of_another_kind(ledger: Ledger) -> None:
    """A public key that is not of Ed25519 proves nothing, and breaks nothing."""
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    assert "its proof does not match" in why_not(ledger, signed(approval()), named=project(rsa))


@pytest.mark.parametrize("key", [None, "", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_approver_without_a_key(ledger: Ledger, key: str | None) -> None:
    """Without a key in project.yaml a signature cannot be checked, so it does not count."""
    named = make_project(approvers=[{"name": "Lara", "upn": LARA, "side": "target", "public_key": key}])
    assert "its proof does not match" in why_not(ledger, signed(approval()), named=named)


def test_sign_in_that_the_ledger_does_not_know(ledger: Ledger) -> None:
    """A proof that names no entry of the ledger is refused."""
    given = approval().model_copy(update={"proof": Proof(kind="sign-in", value="sha256:" + "0" * 64)})
    assert "its proof does not match" in why_not(ledger, given)


def test_sign_in_for_another_approval(ledger: Ledger) -> None:
    """The entry about one approval does not prove an altered one."""
    given = signed_in(approval(), ledger).model_copy(update={"valid_until": NOW + timedelta(days=6)})
    assert "its proof does not match" in why_not(ledger, given)


def test_sign_in_of_somebody_else(ledger: Ledger) -> None:
    """That somebody else signed in does not prove the approver's approval."""
    assert "its proof does not match" in why_not(ledger, signed_in(approval(), ledger, name=OPERATOR))


def test_entry_of_another_kind_is_no_proof(ledger: Ledger) -> None:
    """Only an entry about a sign-in for an approval proves one."""
    entry = ledger.append("observed", {"approval": approval().signed_data(), "name": LARA})
    given = approval().model_copy(update={"proof": Proof(kind="sign-in", value=entry.hash)})
    assert "its proof does not match" in why_not(ledger, given)


def test_forged_entry_is_no_proof(ledger: Ledger, tmp_path: Path) -> None:
    """An entry whose content was altered in the file proves nothing, although its hash still stands beside it."""
    given = signed_in(approval(valid_until=NOW + timedelta(days=1)), ledger)
    longer = approval(valid_until=NOW + timedelta(days=5))
    data = canonical({"approval": longer.signed_data(), "name": LARA, "tenant_id": TARGET_ID})
    rewrite(tmp_path, "UPDATE entries SET data = ?", data)
    assert "its proof does not match" in why_not(ledger, longer.model_copy(update={"proof": given.proof}))


def test_every_reason_is_told(ledger: Ledger) -> None:
    """Where an approval fails in several ways, all are told at once."""
    text = why_not(ledger, approval(section="060", level=2, approver="a@b.example"))
    assert all(part in text for part in ("section 060", "level 2", "does not list", "only claimed"))


def test_second_approval_may_hold(ledger: Ledger) -> None:
    """One approval that does not hold does not spoil another that does."""
    found = find_approval(change(), [approval(), signed(approval(note="mine"))], project(), ledger, NOW, [OPERATOR])
    assert found.note == "mine"


@pytest.mark.parametrize("prove", ["signature", "sign-in"])
def test_proof_survives_the_file(ledger: Ledger, tmp_path: Path, clock: StillClock, prove: str) -> None:
    """A proof holds when the approval comes back from approvals.yaml."""
    given = signed(approval(note="Ja: “gut”")) if prove == "signature" else signed_in(approval(), ledger)
    save_approvals(tmp_path, Approvals(approvals=(given,)))
    (read,) = load_approvals(tmp_path).approvals
    assert find(ledger, read) == given


def test_approval_of_many_changes_is_judged_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many changes one approval lists, the ledger's proof of it is read once."""
    changes = [change(title=f"Assign licence {number}") for number in range(30)]
    given = signed_in(approval(changes=tuple(sorted(one.hash for one in changes))), ledger)
    reads: list[tuple[str, ...]] = []
    entries = ledger.entries
    monkeypatch.setattr(ledger, "entries", lambda *kinds: (reads.append(kinds), entries(*kinds))[1])
    judge = ApprovalJudge([given], project(), ledger, NOW, [OPERATOR])
    assert {judge.find(one).approver for one in changes} == {LARA}
    assert len(reads) == 1
