"""Settings that a move leaves behind as the simulated tenants show them, against the wire facts."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_answers import kind, one, rows
from simulated_pair import Pair, example, make_pair


def planted(**changes: Any) -> tuple[Pair, str]:
    """The pair with one room that differs, and the room's address."""
    data = example()
    room = next(m for m in data["source"]["mailboxes"] if m.get("kind") == "RoomMailbox")
    room.update(changes)
    return make_pair(data), str(room["primary"])


def test_forwarding() -> None:
    """F-102: forwarding and the retention policy are what the file says."""
    pair, address = planted(
        forwarding={"smtp_address": "smtp:jo@fabrikam.com", "deliver_and_forward": True}, retention_policy="Short"
    )
    row = one(pair, "source", "Get-Mailbox", Identity=address)
    assert (None, "smtp:jo@fabrikam.com", True, "Short") == (
        row["ForwardingAddress"], row["ForwardingSmtpAddress"], row["DeliverToMailboxAndForward"],
        row["RetentionPolicy"],
    )  # fmt: skip


def test_client_access() -> None:
    """F-103: without Identity every mailbox is listed; a protocol that is off is told for its mailbox alone."""
    pair, address = planted(client_access={"pop": False})
    found = rows(pair, "source", "Get-CASMailbox", ResultSize="Unlimited")
    assert [address] == [row["PrimarySmtpAddress"] for row in found if not row["PopEnabled"]]
    assert {row["PrimarySmtpAddress"] for row in found} == {
        row["PrimarySmtpAddress"] for row in rows(pair, "source", "Get-Mailbox", ResultSize="Unlimited")
    }


def test_calendar_processing() -> None:
    """F-104: a room accepts by itself unless the file says otherwise; Identity must be given (cmdlet reference)."""
    pair, address = planted()
    assert "AutoAccept" == one(pair, "source", "Get-CalendarProcessing", Identity=address)["AutomateProcessing"]
    pair, address = planted(calendar_processing={"automate": "None", "delegates": ["joe"], "booking_window_days": 30})
    row = one(pair, "source", "Get-CalendarProcessing", Identity=address)
    assert ("None", ["joe"], 30) == (row["AutomateProcessing"], row["ResourceDelegates"], row["BookingWindowInDays"])
    assert "AmbiguousParameterSetException" == kind(pair.exo("source", "Get-CalendarProcessing"))


def test_role_assignments(pair: Pair) -> None:
    """F-105: role groups hold their roles; a role that is asked for narrows the list."""
    found = rows(pair, "source", "Get-ManagementRoleAssignment", Role="Move Mailboxes")
    assert {"Organization Management", "Recipient Management"} <= {row["RoleAssigneeName"] for row in found}
    assert {"Move Mailboxes"} == {row["Role"] for row in found}
    assert len(found) < len(rows(pair, "source", "Get-ManagementRoleAssignment"))


@pytest.mark.parametrize("pages", [1, 1000])
def test_members_of_groups_in_a_batch(pages: int) -> None:
    """F-106: a batch answers each group's members, with a link of its own where there are more."""
    pair = make_pair(example())
    pair.world.page_rows = pages
    groups = pair.graph("source", "GET", "/groups?$select=id,displayName").body["value"]
    requests = [{"id": g["id"], "method": "GET", "url": f"/groups/{g['id']}/members?$select=id"} for g in groups[:3]]
    answers = pair.graph("source", "POST", "/$batch", {"requests": requests}).body["responses"]
    assert {200} == {answer["status"] for answer in answers}
    assert any("@odata.nextLink" in answer["body"] for answer in answers) is (pages == 1)
