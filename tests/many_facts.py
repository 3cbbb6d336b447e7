"""The configured world of `core_facts` with any number of people in it, each of whom is right unless a test says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core_facts import configured, make_project
from user_facts import LARA_DN, LARA_GUID, LARA_ID, LARA_TARGET_DN, LARA_TARGET_ID, SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.project import Project

IN_A_GROUP = 10_000
OF_PEOPLE = (
    "source.chosen_users", "source.directory_users", "source.exchange_users", "source.folder_shapes",
    "source.mailbox_permissions", "source.mailbox_sizes", "source.mailbox_states", "source.mailboxes",
    "source.recipients", "source.scope_members",
    "target.directory_users", "target.exchange_users", "target.mail_users", "target.recipients",
)  # fmt: skip
"""Tables that have a row for each person."""
TABLES = dict[str, list[dict[str, Any]]]


def project_for(people: int) -> Project:
    """A project with as many scope groups as so many people need."""
    return make_project(names__scope_groups=[_group(n) for n in range(-(-people // IN_A_GROUP))])


def _group(number: int) -> str:
    return SCOPE if number == 0 else f"{SCOPE}-{number + 1}"


def many(people: int, defect: Callable[[int, dict[str, dict[str, Any]]], None] = lambda _n, _rows: None) -> TABLES:
    """Every table of both tenants with so many people; a defect may alter the rows of any of them, by their tables."""
    tables = configured()
    texts = {fact: json.dumps(tables[fact][0]) for fact in OF_PEOPLE}
    for fact in OF_PEOPLE:
        tables[fact] = []
    for number in range(people):
        rows = {fact: json.loads(_renamed(text, number)) for fact, text in texts.items()}
        rows["source.scope_members"]["Group"] = _group(number // IN_A_GROUP)
        rows["source.chosen_users"]["Line"] = number + 2
        defect(number, rows)
        for fact, row in rows.items():
            tables[fact].append(row)
        tables["source.mailbox_permissions"] += _rights(rows["source.mailbox_permissions"], number)
    group = tables["source.distribution_groups"][0]
    tables["source.distribution_groups"] = [
        json.loads(json.dumps(group).replace(SCOPE, _group(n)).replace("3333-4333", f"3333-4{n:03}"))
        for n in range(-(-people // IN_A_GROUP))
    ]
    tables["source.organization_relationships"][0]["MailboxMovePublishedScopes"] = [
        row["Name"] for row in tables["source.distribution_groups"]
    ]
    for fact in ("source.subscribed_skus", "target.subscribed_skus"):
        for row in tables[fact]:
            row["Enabled"], row["Consumed"] = people + 20, people
    return tables


def _renamed(text: str, number: int) -> str:
    """Lara as somebody else."""
    for old, new in (
        (LARA_ID, f"{number:08x}-1111-4111-8111-777777777777"),
        (LARA_TARGET_ID, f"{number:08x}-2222-4222-8222-777777777777"),
        (LARA_GUID, f"{number:08x}-8396-4d0b-af4e-d6bd4c12a8d8"),
        (LARA_DN[-37:-5], f"{number:032x}"),
        (LARA_TARGET_DN[-37:-5], f"f{number:031x}"),
        ("f161af74128f460fba5c0c23984b3d6c", f"e{number:031x}"),
        ("LaraN", f"LaraN{number}"),
        ("Lara.Newton", f"Lara.Newton{number}"),
        ("Lara Newton", f"Lara Newton {number}"),
    ):
        text = text.replace(old, new)
    return text


def _rights(own: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Three more rights on a mailbox: the owner's, a colleague's, and one on the calendar."""
    colleague = f"Lara.Newton{number // 7 * 7}@contoso.com"
    return [
        own | {"Place": "recipient", "Right": "SendAs"},
        own | {"Trustee": colleague, "TrusteeKind": "UserMailbox"},
        own | {"Place": "Calendar", "Right": "Reviewer", "Trustee": colleague, "TrusteeKind": "UserMailbox"},
    ]
