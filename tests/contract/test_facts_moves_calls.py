"""The changes of sections 130 to 190 in Exchange on the wire: batches, their users, rights that are given again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from after_facts import BOTH, OWN, T8_NEW, had
from canned_calls import sent
from canned_reads import order
from core_facts import make_project
from cut_facts import DUE, at_gate, lara_at_gate
from mend_facts import AUX_NEW, GUID, STARTED, failed
from start_facts import BATCH, LARA_ADDRESS, PLANNED, started, stop
from start_facts import DUE as STARTING
from user_facts import LARA_TARGET_ID

if TYPE_CHECKING:
    from canned_wire import Canned

    from xtmig_kernel.m365 import TargetTenant

BYTES = "#Exchange.ByteArrayType"
UNAPPROVED = {"UnapprovedSkippedItems": True, "SkippedItems": 2, "DataConsistencyScore": "Investigate"}


def call(
    target: TargetTenant, canned: Canned, step: str, settings: dict[str, Any], **world: Any
) -> tuple[str, dict[str, Any]]:
    """Cmdlet and parameters of the only call of a step, as they are on the wire."""
    (seen,) = sent(target, canned, step, make_project(**settings), **world)
    return order(seen)


def test_a_batch_is_made(target: TargetTenant, canned: Canned) -> None:
    """F-79: name, endpoint, delivery domain and file; AutoStart, and nothing by which it would ever complete."""
    name, parameters = call(target, canned, "130.1", STARTING, **PLANNED)
    data = parameters.pop("CSVData")
    assert "New-MigrationBatch" == name
    assert parameters == {
        "Name": BATCH,
        "SourceEndpoint": "xtmig-contoso-moves",
        "TargetDeliveryDomain": "northwindtraders.onmicrosoft.com",
        "AutoStart": True,
        "Confirm": False,
    }
    assert BYTES == data["@odata.type"]


def test_the_file_of_a_batch(target: TargetTenant, canned: Canned) -> None:
    """F-79: the file has one column, EmailAddress, and one line for each user, by the address in the target."""
    _, parameters = call(target, canned, "130.1", STARTING, **PLANNED)
    data = parameters["CSVData"]["Data"]
    content = base64.b64decode(data) if isinstance(data, str) else bytes(data)
    assert ["EmailAddress", LARA_ADDRESS] == content.decode("utf-8").split()


def test_completion_is_one_call_by_name(target: TargetTenant, canned: Canned) -> None:
    """F-83: Complete-MigrationBatch names the batch, is not asked back, and no time is given."""
    name, parameters = call(target, canned, "160.4", DUE, **at_gate())
    assert ("Complete-MigrationBatch", {"Identity": BATCH, "Confirm": False}) == (name, parameters)


def test_skipped_items_are_approved_for_one_user(target: TargetTenant, canned: Canned) -> None:
    """F-86: ApproveSkippedItems of Set-MigrationUser concerns one user, named by the address in the target."""
    name, parameters = call(target, canned, "160.2", DUE, **lara_at_gate(**UNAPPROVED))
    wanted = {"Identity": LARA_ADDRESS, "ApproveSkippedItems": True, "Confirm": False}
    assert ("Set-MigrationUser", wanted) == (name, parameters)


def test_a_batch_is_resumed(target: TargetTenant, canned: Canned) -> None:
    """F-85: Start-MigrationBatch resumes who has failed; it names one batch."""
    name, parameters = call(target, canned, "170.3", STARTED, **failed(GUID))
    assert ("Start-MigrationBatch", {"Identity": BATCH, "Confirm": False}) == (name, parameters)


def test_a_user_is_taken_out(target: TargetTenant, canned: Canned) -> None:
    """F-85: Remove-MigrationUser names one entry by the address that was just read, and is not asked back."""
    name, parameters = call(target, canned, "170.4", STARTED, **failed(AUX_NEW))
    assert ("Remove-MigrationUser", {"Identity": LARA_ADDRESS, "Confirm": False}) == (name, parameters)


def test_a_batch_is_stopped(target: TargetTenant, canned: Canned) -> None:
    """F-85: Stop-MigrationBatch names one batch and is not asked back."""
    name, parameters = call(target, canned, "180.1", stop(BATCH), **started({"Status": "Syncing"}, Status="Syncing"))
    assert ("Stop-MigrationBatch", {"Identity": BATCH, "Confirm": False}) == (name, parameters)


RIGHTS = [
    (had(), "Add-MailboxPermission", {"User": T8_NEW, "AccessRights": ["FullAccess"]}),
    (had("SendAs", "recipient"), "Add-RecipientPermission", {"Trustee": T8_NEW, "AccessRights": ["SendAs"]}),
]


@pytest.mark.parametrize(("before", "cmdlet", "given"), RIGHTS, ids=["full", "send as"])
def test_a_right_is_given_again(
    target: TargetTenant, canned: Canned, before: dict[str, Any], cmdlet: str, given: dict[str, Any]
) -> None:
    """F-90: rights on the mailbox and on the recipient have cmdlets of their own, with a list of rights."""
    world = BOTH | {"source__baseline_permissions": [before], "target__mailbox_permissions": [OWN]}
    name, parameters = call(target, canned, "190.3", {}, **world)
    assert (cmdlet, {"Identity": LARA_TARGET_ID, "Confirm": False, **given}) == (name, parameters)


def test_send_on_behalf_is_added(target: TargetTenant, canned: Canned) -> None:
    """F-90: Send on Behalf is a property of the mailbox: a hashtable with Add leaves the other delegates."""
    world = BOTH | {
        "source__baseline_permissions": [had("SendOnBehalf", "recipient")], "target__mailbox_permissions": [OWN],
    }  # fmt: skip
    name, parameters = call(target, canned, "190.3", {}, **world)
    assert "Set-Mailbox" == name
    table = parameters["GrantSendOnBehalfTo"]
    assert ("#Exchange.GenericHashTable", [T8_NEW]) == (table["@odata.type"], table["Add"])


def test_rights_on_a_folder_are_one_call(target: TargetTenant, canned: Canned) -> None:
    r"""F-90: a folder is named `mailbox:\folder`, and all rights of one person are given at once."""
    rights = [had("ReadItems", "Calendar"), had("FolderVisible", "Calendar")]
    world = BOTH | {"source__baseline_permissions": rights, "target__mailbox_permissions": [OWN]}
    name, parameters = call(target, canned, "190.3", {}, **world)
    assert ("Add-MailboxFolderPermission", f"{LARA_TARGET_ID}:\\Calendar") == (name, parameters["Identity"])
    assert (T8_NEW, ["FolderVisible", "ReadItems"]) == (parameters["User"], parameters["AccessRights"])
