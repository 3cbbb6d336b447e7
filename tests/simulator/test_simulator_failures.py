"""Every cause of failure: the user who has it fails for it, nobody else does, and without it the move goes on."""

from __future__ import annotations

import pytest
from moving_pair import SYNCED_AFTER, cause_of, complete, details, moving_pair, new_batch, ready, status, user
from planted_failures import Planted, all_causes, move_to_new_batch, planted_pair, remedied, resume, take
from simulated_pair import Pair

OTHERS = ("anna", "carl")
CAUSES = all_causes()
BY_NAME = [pytest.param(cause, id=cause.name) for cause in CAUSES]
CURABLE = [pytest.param(cause, id=cause.name) for cause in CAUSES if "then" in cause.facts]
NEW_BATCH = [pytest.param(cause, id=cause.name) for cause in CAUSES if cause.facts.get("then") == "new batch"]
# The document's own list of failures (lines 881 to 985).
DOCUMENTED = {
    "MailboxNotInCrossTenantMigrationScopeException",
    "AuxArchiveNotFoundInTargetRecipientException",
    "MailboxIsNotInExpectedDBException",
    "NotAcceptedDomainException",
    "SourceAuxArchiveIsProvisionedDuringCrossTenantMovePermanentException",
    "UserDuplicateInOtherBatchException",
    "MissingExchangeGuidException",
    "SourceMailboxAlreadyBeingMovedPermanentException",
    "UserAlreadyHasDemotedArchiveException",
}


def met(cause: Planted) -> Pair:
    """The pair when bert has met the cause."""
    pair = planted_pair(ready("anna", "bert", "carl"), cause, "bert")
    new_batch(pair, "anna", "bert", "carl")
    pair.advance(SYNCED_AFTER)
    take(pair, cause.facts.get("first", []), "bert")
    if cause.at_completion:
        complete(pair)
    return pair


def test_every_documented_failure_can_happen() -> None:
    """The document names nine exceptions; a file plants each of them."""
    assert set() == DOCUMENTED - {cause.facts["says"] for cause in CAUSES}


@pytest.mark.parametrize("cause", BY_NAME)
def test_whoever_has_a_cause_fails_for_it(cause: Planted) -> None:
    """Status, exception and our own word for the cause are those of the file."""
    pair = met(cause)
    row = user(pair, "bert")
    assert (cause.status, cause.facts["says"]) == (row["Status"], row["ErrorSummary"].partition(":")[0])
    assert cause.facts["says"] == details(pair, "bert")["ErrorType"] if cause.name != "duplicate" else True
    assert cause.facts["cause"] == cause_of(pair, "bert")


@pytest.mark.parametrize("cause", BY_NAME)
def test_nobody_else_fails(cause: Planted) -> None:
    """A cause in one mailbox leaves the others alone; one in the organisations concerns everybody."""
    pair = met(cause)
    good = "Completed" if cause.at_completion else "Synced"
    expected = {cause.status} if cause.everybody else {good}
    assert expected == {status(pair, alias) for alias in OTHERS}


@pytest.mark.parametrize("cause", CURABLE)
def test_without_the_cause_the_move_goes_on(cause: Planted) -> None:
    """After the remedy a resumed batch, or a new one where the document asks for it, takes the user on."""
    pair = met(cause)
    remedied(pair, cause, "bert")
    if cause.facts["then"] == "new batch":
        move_to_new_batch(pair, "bert")
        assert "Synced" == status(pair, "bert", "W01-r2")
    elif cause.facts["then"] == "resume":
        resume(pair)
        assert "Synced" == status(pair, "bert")
    else:
        assert "Completed" == status(pair, "bert")


@pytest.mark.parametrize("cause", NEW_BATCH)
def test_where_a_new_batch_is_asked_for_a_resume_fails_again(cause: Planted) -> None:
    """The same error comes again although its cause is gone (document lines 891 to 972)."""
    pair = met(cause)
    remedied(pair, cause, "bert")
    resume(pair)
    row = user(pair, "bert")
    assert ("Failed", cause.facts["says"]) == (row["Status"], row["ErrorSummary"].partition(":")[0])


def test_the_lump_error_does_not_tell_a_hold_from_another_hold() -> None:
    """Holds of every kind have one text (failures 2.1 #3), so only a check of the mailbox tells which it is."""
    holds = [cause for cause in CAUSES if cause.name.startswith("hold_")]
    assert 10 == len(holds)
    assert 1 == len({user(met(cause), "bert")["ErrorSummary"] for cause in holds})


def test_an_exclusion_takes_a_mailbox_out_of_the_organisations_hold() -> None:
    """An entry `-mbx…` is no hold and lifts that policy for its mailbox (failures 2.3 #34)."""
    data = ready("anna", "bert", bert={"holds": {"in_place": ["-mbx5c0e5c0e000040008000000000f0006"]}})
    data["source"]["organization_holds"] = ["mbx5c0e5c0e000040008000000000f0006:2"]
    pair = moving_pair(data)
    new_batch(pair, "anna", "bert")
    pair.advance(SYNCED_AFTER)
    assert ("Failed", "Synced") == (status(pair, "anna"), status(pair, "bert"))


@pytest.mark.parametrize("kind", ["SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
def test_only_mailboxes_of_people_need_the_licence(kind: str) -> None:
    """Shared mailboxes and rooms move without it (planning 0.7)."""
    data = ready("anna", anna={"kind": kind})
    data["target"]["mail_users"][0]["licences"] = []
    pair = moving_pair(data)
    new_batch(pair, "anna")
    pair.advance(SYNCED_AFTER)
    assert "Synced" == status(pair, "anna")


def test_the_licence_may_be_on_either_side() -> None:
    """The licence of the source's user is as good (document line 49)."""
    data = ready("anna", anna={"licences": ["Cross_tenant_user_data_migration"]})
    data["target"]["mail_users"][0]["licences"] = []
    data["source"]["skus"].append(data["target"]["skus"][1])
    pair = moving_pair(data)
    new_batch(pair, "anna")
    pair.advance(SYNCED_AFTER)
    assert "Synced" == status(pair, "anna")


def test_poor_consistency_cannot_be_approved() -> None:
    """Approval helps an investigated user, not a poor one (failures 2.3 #49)."""
    cause = next(cause for cause in CAUSES if cause.name == "skipped_items_poor")
    pair = met(cause)
    take(pair, next(c for c in CAUSES if c.name == "skipped_items").facts["remedy"], "bert")
    assert "NeedsApproval" == status(pair, "bert")
