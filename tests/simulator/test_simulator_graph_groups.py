"""Graph's groups and their members (wire 4.11)."""

from __future__ import annotations

from typing import Any

import pytest
from directory_cases import E3, INITIAL, group, id_of, mail_user, target
from simulated_pair import GRAPH_SCOPE, SECRETS, Pair, example, make_pair

GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
OTIS = f"otis.operator@{INITIAL}"
USER, GROUP = "#microsoft.graph.user", "#microsoft.graph.group"
CAST = "transitiveMembers/microsoft.graph.user"


def nested() -> Pair:
    """Lara in the outer group, Mona in one inside it, which holds the outer one again."""
    return target(
        [mail_user(), mail_user("mona")], [group("outer", ["lara", "inner"]), group("inner", ["mona", "lara", "outer"])]
    )


def listed(pair: Pair, path: str, **headers: str) -> list[tuple[str, str]]:
    answer = pair.graph("target", "GET", f"/groups/{id_of(pair, 'outer')}/{path}", **headers)
    assert 200 == answer.status, answer.body
    return sorted((r["@odata.type"], r["displayName"]) for r in answer.body["value"])


def test_kinds_of_groups_are_told_apart() -> None:
    """GroupTypes, mailEnabled and securityEnabled together say what a group is (Graph documentation)."""
    made = [
        group("secured", []), group("list", [], kind="Distribution"), group("team", [], kind="Microsoft365"),
        group("everybody", [], dynamic=True),
    ]  # fmt: skip
    rows = target(groups=made).graph("target", "GET", "/groups").body["value"]
    assert {
        "secured": ([], True, True),
        "list": ([], True, False),
        "team": (["Unified"], True, False),
        "everybody": (["DynamicMembership"], False, True),
    } == {r["displayName"]: (r["groupTypes"], r["mailEnabled"], r["securityEnabled"]) for r in rows}


def test_a_dynamic_group_shows_its_rule() -> None:
    """Only a dynamic group has a membership rule, and it is being processed (Graph documentation)."""
    made = [group("secured", []), group("everybody", [], dynamic=True)]
    rows = target(groups=made).graph("target", "GET", "/groups").body["value"]
    rules = {r["displayName"]: (r["membershipRule"] is None, r["membershipRuleProcessingState"]) for r in rows}
    assert {"secured": (True, None), "everybody": (False, "On")} == rules


def test_a_groups_licences_are_shown_where_selected() -> None:
    """AssignedLicenses of a group is answered only where it is selected (Graph documentation)."""
    pair = target(groups=[group("staff", [], licences=["SPE_E3"])])
    path = f"/groups/{id_of(pair, 'staff')}"
    selected = pair.graph("target", "GET", f"{path}?$select=assignedLicenses").body["assignedLicenses"]
    assert [{"skuId": E3, "disabledPlans": []}] == selected
    assert "assignedLicenses" not in pair.graph("target", "GET", path).body


def test_an_unknown_group_is_404() -> None:
    """A group is found by its id alone, not by its name or address."""
    pair = target(groups=[group("staff", [])])
    assert [404, 404] == [pair.graph("target", "GET", f"/groups/{n}").status for n in ("staff", "none")]


def test_members_are_the_direct_ones() -> None:
    """/members shows users and groups that belong directly, each with its type (wire 4.11)."""
    assert [(GROUP, "inner"), (USER, "Lara")] == listed(nested(), "members")


def test_transitive_members_are_everybody_once() -> None:
    """/transitiveMembers follows groups in groups, each object once, even where groups hold each other."""
    assert [(GROUP, "inner"), (GROUP, "outer"), (USER, "Lara"), (USER, "Mona")] == listed(nested(), "transitiveMembers")


def test_a_cast_shows_one_kind() -> None:
    """The cast to users leaves groups out (wire 4.11)."""
    path = f"{CAST}?$count=true"
    assert [(USER, "Lara"), (USER, "Mona")] == listed(nested(), path, ConsistencyLevel="eventual")


@pytest.mark.parametrize("cast", [CAST, "transitiveMembers/microsoft.graph.group", "members/microsoft.graph.user"])
@pytest.mark.parametrize(("query", "headers"), [("", {"ConsistencyLevel": "eventual"}), ("?$count=true", {}), ("", {})])
def test_a_cast_is_an_advanced_query(cast: str, query: str, headers: dict[str, str]) -> None:
    """Wire 4.11: a cast needs both the header ConsistencyLevel: eventual and $count=true."""
    pair = nested()
    answer = pair.graph("target", "GET", f"/groups/{id_of(pair, 'outer')}/{cast}{query}", **headers)
    assert (400, "Request_UnsupportedQuery") == (answer.status, answer.body["error"]["code"])


@pytest.mark.parametrize("who", ["me", "servicePrincipals"])
def test_the_cast_to_roles_is_an_advanced_query(who: str) -> None:
    """Wire 4.11: the cast to directory roles needs header and count too, of a person and of an application."""
    pair = make_pair(example())
    token = pair.person_token("target", OTIS, "https://graph.microsoft.com/Directory.Read.All", GRAPH_CLIENT)
    principal = next(iter(pair.world.tenants["target"].service_principals))
    place = "/me" if who == "me" else f"/servicePrincipals/{principal}"
    path = f"{place}/transitiveMemberOf/microsoft.graph.directoryRole"
    plain = pair.graph("target", "GET", path, token=token)
    full = pair.graph("target", "GET", f"{path}?$count=true", token=token, ConsistencyLevel="eventual")
    assert (400, 200) == (plain.status, full.status)


def test_a_dynamic_group_holds_everybody_but_guests() -> None:
    """Members of a dynamic group are all users of the tenant who are no guests, whatever was listed."""
    guest = {"upn": f"gast_x.example#EXT#@{INITIAL}", "display_name": "Gast", "guest": True, "mail": "gast@x.example"}
    pair = target([mail_user()], [group("outer", [], dynamic=True)], [guest])
    names = [name for _, name in listed(pair, "members")]
    assert {"Lara", "Nina North", "Otis Operator"} <= set(names)
    assert "Gast" not in names


def test_a_change_of_membership_shows_after_its_lag() -> None:
    """Until then reads show the members as they were."""
    pair = target([mail_user(), mail_user("mona")], [group("outer", ["mona"])])
    tenant = pair.world.tenants["target"]
    shown_from = tenant.later(pair.now, "group_members_readable")
    tenant.member_changes[id_of(pair, "outer")] = {id_of(pair, "mona"): (shown_from, False),
                                                   id_of(pair, "lara"): (shown_from, True)}  # fmt: skip
    early = listed(pair, "members")
    pair.advance(3)
    assert ([(USER, "Lara")], [(USER, "Mona")]) == (early, listed(pair, "members"))


def test_who_may_not_read_users_sees_their_ids_alone() -> None:
    """With GroupMember.Read.All and no right on users, members come without properties (Graph documentation)."""
    data = example()
    data["source"]["applications"][1]["permissions"]["graph"] = ["GroupMember.Read.All"]
    pair = make_pair(data)
    few = pair.world.tenants["source"].file.applications[1].app_id
    token = pair.sign_in("source", few, SECRETS["XTMIG_SOURCE_SECRET"], GRAPH_SCOPE).body["access_token"]
    groups = pair.graph("source", "GET", "/groups", token=token).body["value"]
    scope = next(g["id"] for g in groups if g["displayName"] == "Cross-tenant move scope")
    rows: list[dict[str, Any]] = pair.graph("source", "GET", f"/groups/{scope}/members", token=token).body["value"]
    assert rows
    assert [{"@odata.type", "id"}] * len(rows) == [{k for k, v in r.items() if v is not None} for r in rows]


def test_reading_users_does_not_let_read_groups() -> None:
    """An application with User.Read.All alone cannot list groups."""
    pair = target(groups=[group("staff", [])])
    few = pair.world.tenants["target"].file.applications[1].app_id
    token = pair.sign_in("target", few, SECRETS["XTMIG_TARGET_SECRET"], GRAPH_SCOPE).body["access_token"]
    assert 403 == pair.graph("target", "GET", "/groups", token=token).status


def test_pages_of_members_hold_everybody_once() -> None:
    """Members of a large group come in pages of at most 999 (wire 4.11, 4.13)."""
    names = [f"u{number}" for number in range(1200)]
    pair = target([mail_user(name) for name in names], [group("outer", names)])
    url, seen = f"/groups/{id_of(pair, 'outer')}/{CAST}?$count=true&$select=id&$top=999", []
    while url:
        body = pair.graph("target", "GET", url, ConsistencyLevel="eventual").body
        assert 1200 == body["@odata.count"]
        seen.append({r["id"] for r in body["value"]})
        url = body.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert [999, 201] == [len(page) for page in seen]
    assert 1200 == len(set().union(*seen))
