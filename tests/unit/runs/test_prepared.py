"""The project that goes with prepared practice tenants."""

from __future__ import annotations

from typing import Any

from xtmig_kernel.runs.prepared import prepared_settings, prepared_users


def mailbox(name: str, *, person: bool) -> dict[str, Any]:
    return {"primary": f"{name}@a.example", "exchange_guid": f"guid-{name}", "licences": ["E3"] if person else []}


def mail_user(name: str) -> dict[str, Any]:
    return {"primary": f"{name}@b.example", "exchange_guid": f"guid-{name}"}


def test_names_are_those_of_the_tenants() -> None:
    """The project takes over what somebody else has named, and knows where the secret is, not what it is."""
    tenants = {
        "source": {
            "organization_relationships": [{"name": "Out", "mailbox_move_published_scopes": ["Scope A", "Scope B"]}]
        },
        "target": {
            "applications": [
                {"app_id": "operator", "name": "Operator", "secret_from_env": "OTHER"},
                {"app_id": "mover", "name": "Mover", "secret_from_env": "MOVE_SECRET"},
            ],
            "migration_endpoints": [{"name": "Endpoint", "application_id": "mover"}],
            "organization_relationships": [{"name": "In"}],
        },
    }
    assert {
        "application_id": "mover",
        "names": {
            "application": "Mover",
            "endpoint": "Endpoint",
            "target_relationship": "In",
            "source_relationship": "Out",
            "scope_groups": ["Scope A", "Scope B"],
        },
        "secret": {"origin": "provided", "reference": "env:MOVE_SECRET"},
    } == prepared_settings(tenants)


def test_users_are_those_whose_mail_user_waits() -> None:
    """A mailbox moves where a mail user has its GUID; three people go first, everybody else in the next wave."""
    boxes = [mailbox("room", person=False), *(mailbox(name, person=True) for name in ("a", "b", "c", "d", "stays"))]
    users = [mail_user(name) for name in ("room", "a", "b", "c", "d")]
    found = prepared_users({"source": {"mailboxes": boxes}, "target": {"mail_users": users}})
    assert [
        ("room@a.example", "room@b.example", "wave-01"),
        ("a@a.example", "a@b.example", "pilot"),
        ("b@a.example", "b@b.example", "pilot"),
        ("c@a.example", "c@b.example", "pilot"),
        ("d@a.example", "d@b.example", "wave-01"),
    ] == [(row.source_address, row.target_address, row.wave) for row in found]
