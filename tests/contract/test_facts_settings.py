"""Reads of settings that a move leaves behind (shapes 3.4, 3.5; wire 4.11): what is asked, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import cmdlets, listed, number, several
from canned_wire import Answer
from test_facts_contents import ALL, LARA, MAILBOX, MAILBOX_GUID

if TYPE_CHECKING:
    from pathlib import Path

    from canned_reads import Asking
    from canned_wire import Canned, Seen

LARA_ID = "66666666-7777-4777-8777-666666666666"


@pytest.fixture
def listed_users(tmp_path: Path) -> None:
    """Lara's line of users.csv."""
    text = f"SourceAddress,TargetAddress\nLara.Newton@contoso.com,{LARA}\n"
    (tmp_path / "users.csv").write_text(text, encoding="utf-8")


def test_forwarding(asking: Asking) -> None:
    """F-102: an address that mail is forwarded to loses its prefix; a recipient stays the name that Exchange gives."""
    told = MAILBOX | {
        "ForwardingAddress": "Jo",
        "ForwardingSmtpAddress": "smtp:jo@fabrikam.com",
        "DeliverToMailboxAndForward": True,
        "HiddenFromAddressListsEnabled": False,
    }
    asking.answer_cmdlets(Get_Mailbox=lambda _: [told])
    assert asking.rows("mailbox_settings") == [
        {
            "ExchangeGuid": MAILBOX_GUID,
            "PrimarySmtpAddress": LARA,
            "ForwardingAddress": "Jo",
            "ForwardingSmtpAddress": "jo@fabrikam.com",
            "DeliverAndForward": True,
            "RetentionPolicy": "Default MRM Policy",
            "HiddenFromAddressLists": False,
        }
    ]


def test_client_access(asking: Asking) -> None:
    """F-103: one list tells the protocols of every mailbox, and a flag that is null stays unknown."""
    told = {"PrimarySmtpAddress": LARA, "PopEnabled": False, "ImapEnabled": True, "EwsEnabled": None}
    asking.answer_cmdlets(Get_CASMailbox=lambda _: [told])
    (row,) = asking.rows("client_access")
    assert (LARA, False, True, None) == tuple(row[name] for name in told)
    assert [("Get-CASMailbox", ALL)] == cmdlets(asking)


@pytest.mark.usefixtures("listed_users")
@pytest.mark.parametrize(("kind", "asked"), [("RoomMailbox", 1), ("EquipmentMailbox", 1), ("UserMailbox", 0)])
def test_calendar_processing(asking: Asking, kind: str, asked: int) -> None:
    """F-104: rooms and equipment are asked by ExchangeGuid; a user's own calendar is not asked about."""
    told = {"AutomateProcessing": "AutoAccept", "AllBookInPolicy": False, **number("BookingWindowInDays", 90),
            **several("BookInPolicy", "zoe", "amy"), **several("ResourceDelegates")}  # fmt: skip
    asking.answer_cmdlets(
        Get_Mailbox=lambda _: [MAILBOX | {"RecipientTypeDetails": kind}], Get_CalendarProcessing=lambda _: [told]
    )
    found = asking.rows("calendar_processing")
    assert asked == len(found)
    assert [{"Identity": MAILBOX_GUID}] * asked == [
        g for name, g in cmdlets(asking) if name == "Get-CalendarProcessing"
    ]
    assert [("AutoAccept", False, 90, ["amy", "zoe"], [])] * asked == [
        (row["AutomateProcessing"], row["AllBookInPolicy"], row["BookingWindowInDays"], row["BookInPolicy"],
         row["ResourceDelegates"]) for row in found
    ]  # fmt: skip


def test_role_assignments(asking: Asking) -> None:
    """F-105: each assignment names the role, whom it is given to, and of which kind that is."""
    told = {"Name": "Move Mailboxes-Movers", "Role": "Move Mailboxes", "RoleAssigneeName": "Movers",
            "RoleAssigneeType": "RoleGroup", "Enabled": True}  # fmt: skip
    asking.answer_cmdlets(Get_ManagementRoleAssignment=lambda _: [told])
    row = {"Name": "Move Mailboxes-Movers", "Role": "Move Mailboxes", "Assignee": "Movers", "AssigneeType": "RoleGroup"}
    assert [row | {"Enabled": True}] == asking.rows("role_assignments")


@pytest.mark.usefixtures("listed_users")
def test_group_memberships(asking: Asking, canned: Canned) -> None:
    """F-106: members come group by group, to the last page; a group within a group passes its members on."""
    asking.answer_cmdlets(
        Get_Mailbox=lambda _: [],
        Get_MailUser=lambda _: [
            {"PrimarySmtpAddress": LARA, "EmailAddresses": [f"SMTP:{LARA}"], "ExternalDirectoryObjectId": LARA_ID}
        ],
    )
    names = {"g1": "Outer", "g2": "Inner", "g3": "Elsewhere", "g4": "Outermost"}
    groups = [
        {"id": name, "displayName": said, "groupTypes": [], "securityEnabled": True} for name, said in names.items()
    ]
    members = {"g1": ["g2"], "g2": ["somebody"], "g3": ["somebody"], "g4": ["g1"]}
    pages = {"x": ["somebody else"], "y": [LARA_ID]}

    def onward(token: str) -> dict[str, str]:
        return {"@odata.nextLink": f"{canned.url}/v1.0/groups/g2/members?$skiptoken={token}"}

    def body(path: str) -> dict[str, Any]:
        group = path.split("/")[2]
        return {"value": [{"id": name} for name in members[group]], **(onward("x") if group == "g2" else {})}

    def page(seen: Seen) -> Answer:
        token = seen.path.rpartition("skiptoken=")[2]
        return Answer(body={"value": [{"id": name} for name in pages[token]], **(onward("y") if token == "x" else {})})

    canned.handlers["/$batch"] = lambda seen: Answer(
        body={
            "responses": [
                {"id": part["id"], "status": 200, "body": body(part["url"])} for part in seen.body["requests"]
            ]
        }
    )
    canned.handlers["/groups"] = lambda _: listed(*groups)
    canned.handlers["/groups/g2/members"] = page
    found = asking.rows("group_memberships")
    assert [("Inner", None), ("Outer", "Inner"), ("Outermost", "Outer")] == [
        (row["Group"], row["Via"]) for row in found
    ]
    assert [(LARA_ID, True, False, False)] * 3 == [
        (row["UserId"], row["Security"], row["Unified"], row["Dynamic"]) for row in found
    ]
