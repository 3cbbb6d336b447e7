"""Get-MigrationUser, as the cmdlet reference describes it."""

from __future__ import annotations

import pytest
from exchange_answers import changed_pair, rows

USERS = [
    {"identity": "lara.newton@northwindtraders.com", "batch": "T2T-W01", "status": "Failed", "error_summary": "Why"},
    {"identity": "john@northwindtraders.com", "batch": "T2T-W02"},
]


def seen(**parameters: str) -> list[str]:
    pair = changed_pair(migration_users=USERS)
    return [row["Identity"].partition("@")[0] for row in rows(pair, "target", "Get-MigrationUser", **parameters)]


def test_a_migration_user_is_named_by_its_target_address() -> None:
    """A row has the address in the target as Identity and MailboxEmailAddress, with status and error (shapes 3.12)."""
    pair = changed_pair(migration_users=USERS)
    row = rows(pair, "target", "Get-MigrationUser", Identity="Lara.Newton@northwindtraders.com")[0]
    assert row["Identity"] == row["MailboxEmailAddress"] == "lara.newton@northwindtraders.com"
    assert (row["BatchId"], row["Status"], row["ErrorSummary"]) == ("T2T-W01", "Failed", "Why")
    assert "EmailAddress" not in row


def test_an_unknown_identity_gives_everybody() -> None:
    """The reference warns that an Identity that does not exist returns all objects; so it does here."""
    assert seen(Identity="nobody@northwindtraders.com") == ["lara.newton", "john"]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [({"BatchId": "t2t-w02"}, ["john"]), ({"Status": "Failed"}, ["lara.newton"]), ({}, ["lara.newton", "john"])],
)
def test_users_of_a_batch_or_status(parameters: dict[str, str], names: list[str]) -> None:
    """BatchId and Status choose among all."""
    assert seen(**parameters) == names
