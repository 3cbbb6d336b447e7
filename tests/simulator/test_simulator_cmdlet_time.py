"""What each cmdlet takes: members of a batch one after the other, as the service runs them."""

from __future__ import annotations

import json

from simulated_pair import example, make_pair

from xtmig_kernel.simulator.exchange.service import number_of_cmdlets
from xtmig_kernel.simulator.http import Call

PLACE = "/adminapi/beta/00000000-0000-4000-8000-000000000001"


def call(method: str, end: str, body: object) -> Call:
    return Call("exo", method, f"{PLACE}/{end}", {}, {}, json.dumps(body).encode(), 0.0)


def test_a_batch_takes_as_long_as_its_members() -> None:
    """Each member of a batch counts, a cmdlet alone counts once, and the list of cmdlets is none."""
    order = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}}
    member = {"id": "0", "method": "POST", "url": f"https://localhost{PLACE}/InvokeCommand", "body": order}
    batch = {"requests": [member | {"id": str(number)} for number in range(7)]}
    assert 7 == number_of_cmdlets(call("POST", "$batch", batch))
    assert 1 == number_of_cmdlets(call("POST", "InvokeCommand", order))
    assert 0 == number_of_cmdlets(call("GET", "EXOModuleFile", None))
    assert 0 == number_of_cmdlets(call("POST", "$batch", "no batch"))


def test_an_archive_answers_to_its_own_guid() -> None:
    """Folder statistics of an archive's GUID are those of the archive, as Microsoft's validation script asks."""
    data = example()
    archer = next(m for m in data["source"]["mailboxes"] if m["alias"] == "anton")
    archer["archive"]["guid"] = "5c0e5c0e-0000-4000-8000-00000000aa01"
    pair = make_pair(data)
    asked = {"FolderScope": "RecoverableItems"}
    by_guid = pair.exo("source", "Get-MailboxFolderStatistics", Identity=archer["archive"]["guid"], **asked)
    by_name = pair.exo("source", "Get-MailboxFolderStatistics", Identity=archer["primary"], Archive=True, **asked)
    assert by_guid.body["value"] == by_name.body["value"] != []
