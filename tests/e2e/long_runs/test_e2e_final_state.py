"""What both tenants hold when they are configured, attribute for attribute; it shares no code with the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from e2e_expected import (
    ADD_ON,
    State,
    at_first,
    licensed,
    lost_rows,
    mail_users,
    new_rows,
    with_plain_x500,
)
from e2e_runs import Rehearsal
from e2e_workplace import example, who_moves

if TYPE_CHECKING:
    from collections.abc import Iterator

MAILBOXES = 500
THE_TARGETS_OWN = ("object_id", "legacy_dn", "proxies", "licences", "disabled_plans")
"""What the target decides, and what only says again what email_addresses and licence_assignments say."""
NEW: dict[tuple[str, str], int] = {
    ("source", "groups"): 1,
    ("source", "organization_relationships"): 1,
    ("source", "service_principals"): 1,
    ("source", "app_role_assignments"): 1,
    ("target", "applications"): 1,
    ("target", "service_principals"): 1,
    ("target", "app_role_assignments"): 1,
    ("target", "migration_endpoints"): 1,
    ("target", "organization_relationships"): 1,
}
"""How many objects of each kind are new, beside users and licences."""


def check_users(tenants: dict[str, Any], first: State, last: State) -> None:
    """Exactly one new MailUser for each mailbox that moves, as the document asks."""
    made = new_rows(first, last, "target", "mail_users")
    seen = [
        {name: value for name, value in row.items() if name not in THE_TARGETS_OWN}
        | {"email_addresses": with_plain_x500(row["email_addresses"])}
        for row in made
    ]
    assert sorted(mail_users(tenants, first), key=lambda row: row["alias"]) == sorted(seen, key=lambda r: r["alias"])
    taken = {row["legacy_dn"] for row in first["source"]["mailboxes"]}
    assert taken.isdisjoint(row["legacy_dn"] for row in made)
    assert len({row["object_id"] for row in made}) == len(made)


def check_licences(tenants: dict[str, Any], first: State, last: State) -> None:
    """The add-on is on every person who moves, once, in the target alone; other licences come from its own groups."""
    aliases = {row["object_id"]: row["alias"] for row in new_rows(first, last, "target", "mail_users")}
    given = new_rows(first, last, "target", "licence_assignments")
    own = [row for row in given if row["group"] is None]
    expected = [(alias, ADD_ON, [], None) for alias in sorted(licensed(tenants))]
    assert expected == sorted((aliases[r["user"]], r["part_number"], r["disabled_plans"], r["error"]) for r in own)
    assert all(row["user"] in aliases for row in given)
    assert last["source"]["licence_assignments"] == first["source"]["licence_assignments"]


def check_scope(tenants: dict[str, Any], first: State, last: State) -> None:
    """The one new group is a mail-enabled security group with exactly those who move."""
    (group,) = new_rows(first, last, "source", "groups")
    assert ("Security", False) == (group["kind"], group["dynamic"])
    assert sorted(at_first(first, mailbox)["object_id"] for mailbox in who_moves(tenants)) == group["members"]


def check_the_rest(first: State, last: State) -> None:
    """Nothing else is new, nothing is lost, and nothing is altered, in either tenant."""
    for side in ("source", "target"):
        assert first[side].keys() == last[side].keys()
        for kind in first[side]:
            _check_kind(first, last, side, kind)


def _check_kind(first: State, last: State, side: str, kind: str) -> None:
    where = f"{side} {kind}"
    if not isinstance(first[side][kind], list):
        expected = {"dehydrated": False, "customization_enabled": True} if side == "target" else {}
        assert last[side][kind] == expected.get(kind, first[side][kind]), where
    elif side == "target" and kind == "groups":
        _check_groups(first[side][kind], last[side][kind])
    else:
        assert [] == lost_rows(first, last, side, kind), where
        if (side, kind) not in (("target", "mail_users"), ("target", "licence_assignments")):
            assert NEW.get((side, kind), 0) == len(new_rows(first, last, side, kind)), where


def _check_groups(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """New users are in a dynamic group by themselves; nobody left one, and no other group differs."""
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert {**old, "members": []} == {**new, "members": []}
        assert set(old["members"]) <= set(new["members"])
        assert old["dynamic"] or old["members"] == new["members"]


def ends(rehearsal: Rehearsal) -> tuple[State, State]:
    """What the tenants held before the first write and after the last one."""
    assert rehearsal.first is not None
    return rehearsal.first, rehearsal.last


def test_each_mover_has_one_mail_user(rehearsal: Rehearsal) -> None:
    """The example's target holds exactly the movers' MailUsers, each attribute as the document asks (USR-03 to 15)."""
    check_users(example(), *ends(rehearsal))


def test_each_person_who_moves_has_the_add_on(rehearsal: Rehearsal) -> None:
    """Every user mailbox that moves has the add-on, once; shared and room mailboxes have none (LIC-04, LIC-09)."""
    check_licences(example(), *ends(rehearsal))


def test_the_scope_group_holds_exactly_the_movers(rehearsal: Rehearsal) -> None:
    """Nobody is missing in the scope group, and nobody else may leave the source (PRE-05, PRE-07)."""
    check_scope(example(), *ends(rehearsal))


def test_nothing_else_is_different(rehearsal: Rehearsal) -> None:
    """Every object of both tenants that the move does not need is as it was, the Free/Busy relationships included."""
    check_the_rest(*ends(rehearsal))


def test_the_comparison_sees_a_difference(rehearsal: Rehearsal) -> None:
    """Each of the four comparisons fails where one attribute of one object is another one."""
    first, last = ends(rehearsal)
    user = new_rows(first, last, "target", "mail_users")[0]
    given = next(row for row in new_rows(first, last, "target", "licence_assignments") if row["group"] is None)
    (group,) = new_rows(first, last, "source", "groups")
    relationships = [state["target"]["organization_relationships"] for state in (first, last)]
    friend = next(row for row in relationships[1] if row in relationships[0])
    tenants = example()
    for row, key, check in (
        (user, "external_address", lambda: check_users(tenants, first, last)),
        (given, "part_number", lambda: check_licences(tenants, first, last)),
        (group, "members", lambda: check_scope(tenants, first, last)),
        (friend, "Enabled", lambda: check_the_rest(first, last)),
    ):
        kept, row[key] = row[key], "something else"
        try:
            with pytest.raises(AssertionError):
                check()
        finally:
            row[key] = kept


LEGACY = "/o=First Organization/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
LABS = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
LARA = {
    "alias": "LaraN",
    "upn": "LaraN@northwindtraders.onmicrosoft.com",
    "primary": "Lara.Newton@northwindtraders.com",
    "external_address": "LaraN@contoso.onmicrosoft.com",
    "exchange_guid": "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8",
    "email_addresses": [
        "SMTP:Lara.Newton@northwindtraders.com",
        "smtp:LaraN@northwindtraders.onmicrosoft.com",
        f"X500:{LABS}f161af74128f460fba5c0c23984b3d6c-Lara",
        f"x500:{LEGACY}d11ec1a2cacd4f81858c81907273f1f9-Lara",
    ],
}
"""The target's MailUser of the document (lines 263 to 279), its domain spelt as everywhere else in the document."""
LARA_AT_HOME = {
    "alias": "LaraN",
    "upn": "LaraN@contoso.onmicrosoft.com",
    "primary": "Lara.Newton@contoso.com",
    "exchange_guid": "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8",
    "legacy_dn": f"{LEGACY}d11ec1a2cacd4f81858c81907273f1f9-Lara",
    "email_addresses": [
        "SMTP:Lara.Newton@contoso.com",
        "smtp:LaraN@contoso.onmicrosoft.com",
        f"X500:{LABS}f161af74128f460fba5c0c23984b3d6c-Lara",
    ],
}
"""The source's mailbox of the document (lines 281 to 293)."""


def of_lara(rows: list[dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    """What a tenant holds of Lara Newton, as far as the document's table goes; addresses in one order."""
    (row,) = [row for row in rows if row["alias"] == "LaraN"]
    return {**{name: row[name] for name in wanted}, "email_addresses": with_plain_x500(row["email_addresses"])}


def test_the_documents_pair_comes_out_as_its_table_shows(rehearsal: Rehearsal) -> None:
    """The MailUser of the document's own example is, value by value, the one of its table (lines 263 to 279)."""
    wanted = {**LARA, "email_addresses": with_plain_x500(LARA["email_addresses"])}
    assert wanted == of_lara(ends(rehearsal)[1]["target"]["mail_users"], LARA)


def test_the_documents_pair_begins_and_stays_as_its_table_shows(rehearsal: Rehearsal) -> None:
    """The source mailbox of the document's example is that of its table (lines 281 to 293), before and after."""
    wanted = {**LARA_AT_HOME, "email_addresses": with_plain_x500(LARA_AT_HOME["email_addresses"])}
    for state in ends(rehearsal):
        assert wanted == of_lara(state["source"]["mailboxes"], LARA_AT_HOME)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal of the configuration on a generated pair."""
    options = ("--until", "110", "--mailboxes", str(MAILBOXES), "--seed", "31")
    started = Rehearsal(tmp_path_factory.mktemp("large"), *options, seconds=1800)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.mark.deep
def test_five_hundred_generated_mailboxes_come_out_the_same_way(large: Rehearsal) -> None:
    """The same comparisons hold for 500 generated mailboxes, and the rehearsal comes to its end."""
    assert 0 == large.process.returncode, large.output()
    tenants, (first, last) = large.tenants(), ends(large)
    assert MAILBOXES == len(who_moves(tenants))
    check_users(tenants, first, last)
    check_licences(tenants, first, last)
    check_scope(tenants, first, last)
    check_the_rest(first, last)
