"""Rows of the source's scope group and of who is in it, as data that tests of section 080 alter."""

from __future__ import annotations

from typing import Any

from core_facts import OTHER_ID, configured

GROUP_ID = "77777777-3333-4333-8333-777777777777"


def group(**changes: Any) -> dict[str, Any]:
    """The scope group, as a row of `distribution_groups`."""
    return dict(configured()["source.distribution_groups"][0]) | changes


def member(**changes: Any) -> dict[str, Any]:
    """Lara in the scope group, as a row of `scope_members`."""
    return dict(configured()["source.scope_members"][0]) | changes


def recipient(**changes: Any) -> dict[str, Any]:
    """Something else in the source that has an address, as a row of `recipients`."""
    return dict(configured()["source.recipients"][0]) | {"ObjectId": OTHER_ID, "ExchangeGuid": None} | changes


STRANGER = member(ObjectId=OTHER_ID, Name="JoK", PrimarySmtpAddress="jo@contoso.com")
INNER = member(ObjectId="inner-group", Name="Sales", RecipientTypeDetails="MailUniversalSecurityGroup")
BY_WAY = {"Membership": "nested", "Via": "Sales"}
