"""Graph's users and their licences: what is shown, and what is refused (wire 4.7, 4.8)."""

from __future__ import annotations

from typing import Any

import pytest
from directory_cases import (
    ADDON,
    E3,
    INITIAL,
    LAG,
    MOVED_GUID,
    PLAN_2,
    consumed,
    group,
    id_of,
    license_user,
    mail_user,
    object_of,
    row,
    shown,
    target,
)
from simulated_pair import GRAPH_SCOPE, SECRETS, Pair, example, make_pair

GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
OTIS = f"otis.operator@{INITIAL}"
REMY = f"remy.recipients@{INITIAL}"
GUEST = {"upn": f"gast_x.example#EXT#@{INITIAL}", "display_name": "Gast", "guest": True, "mail": "gast@x.example"}


def message(answer: Any) -> tuple[int, str]:
    return answer.status, answer.body["error"]["message"]


def test_everybody_who_can_sign_in_is_a_user() -> None:
    """Administrators, guests, plain users, mailboxes and mail users are all users of the directory."""
    pair = target([mail_user()], users=[GUEST, {"upn": f"ute@{INITIAL}", "display_name": "Ute"}])
    rows = pair.graph("target", "GET", "/users?$select=displayName,userType").body["value"]
    kinds = {r["displayName"]: r["userType"] for r in rows}
    assert {"Otis Operator": "Member", "Gast": "Guest", "Ute": "Member", "Nina North": "Member", "Lara": "Member"} == {
        name: kinds[name] for name in ("Otis Operator", "Gast", "Ute", "Nina North", "Lara")
    }


def test_a_user_has_one_id_in_both_services() -> None:
    """Graph's id is Exchange's ExternalDirectoryObjectId."""
    pair = target([mail_user()])
    (found,) = pair.graph("target", "GET", f"/users?$filter=userPrincipalName eq 'lara@{INITIAL}'").body["value"]
    assert found["id"] == (row(pair, "Get-MailUser", "lara") or {})["ExternalDirectoryObjectId"]


def test_a_user_is_found_by_id_and_sign_in_name() -> None:
    """GET /users/{id} takes the object id or the sign-in name; anything else is 404."""
    pair = target([mail_user()])
    names = (id_of(pair, "lara"), f"LARA@{INITIAL}", "lara@northwindtraders.com", "lara")
    assert [200, 200, 404, 404] == [pair.graph("target", "GET", f"/users/{name}").status for name in names]


def test_what_is_not_selected_is_not_shown() -> None:
    """Usage location and licences are answered only where they are selected (Graph documentation)."""
    pair = target([mail_user()])
    usual = pair.graph("target", "GET", f"/users/{id_of(pair, 'lara')}").body
    assert {"id", "userPrincipalName", "mail", "displayName"} <= set(usual)
    assert not {"usageLocation", "assignedLicenses", "proxyAddresses", "accountEnabled"} & set(usual)


def test_a_new_user_is_shown_after_the_lag() -> None:
    """Reads find a new object when its lag has passed; writes find it at once."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    identity = id_of(pair, "lara")
    pair.world.tenants["target"].readable_from[identity] = pair.world.tenants["target"].later(
        pair.now, "mail_user_readable"
    )
    early, written = pair.graph("target", "GET", f"/users/{identity}").status, license_user(pair, "lara", E3).status
    listed = [r["id"] for r in pair.graph("target", "GET", "/users").body["value"]]
    pair.advance(60)
    assert (404, 200, 200) == (early, written, pair.graph("target", "GET", f"/users/{identity}").status)
    assert identity not in listed


@pytest.mark.parametrize("name", ["Anna and Bob", "O'Brien", "x' eq 'y", "-and-"])
def test_a_filter_takes_any_text(name: str) -> None:
    """Words of the query language and doubled quotes inside a text are text."""
    pair = target([mail_user(display_name=name), mail_user("mona")])
    quoted = name.replace("'", "''")
    path = f"/users?$filter=displayName eq '{quoted}' and userPrincipalName eq 'lara@{INITIAL}'"
    answer = pair.graph("target", "GET", path)
    assert [name] == [r["displayName"] for r in answer.body["value"]]


def test_a_filter_can_ask_for_a_beginning() -> None:
    """Startswith finds those whose value begins so, without case (Graph documentation)."""
    pair = target([mail_user(), mail_user("larissa"), mail_user("mona")])
    rows = pair.graph("target", "GET", "/users?$filter=startswith(userPrincipalName,'LAR')").body["value"]
    assert ["Lara", "Larissa"] == sorted(r["displayName"] for r in rows)


def test_an_unfinished_filter_is_not_guessed(pair: Pair) -> None:
    """A filter that the simulator cannot read is 501."""
    assert 501 == pair.graph("source", "GET", "/users?$filter=displayName eq 'x' and").status


def test_large_pages_hold_everybody_once() -> None:
    """With $top=999 a tenant of more users comes in pages of at most 999 that hold each once (wire 4.13)."""
    pair = target([mail_user(f"u{number}") for number in range(2100)])
    url, sizes, seen = "/users?$top=999&$select=id", [], set()
    while url:
        body = pair.graph("target", "GET", url).body
        sizes.append(len(body["value"]))
        seen |= {r["id"] for r in body["value"]}
        url = body.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert [999, 999] == sizes[:2]
    assert sum(sizes) == len(seen) == 2104  # with Nina and three administrators


@pytest.mark.parametrize("left_out", ["addLicenses", "removeLicenses"])
def test_both_arrays_are_needed(left_out: str) -> None:
    """Wire 4.8: assignLicense without one of its two arrays is 400."""
    pair = target([mail_user()])
    body: dict[str, Any] = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
    del body[left_out]
    status, text = message(pair.graph("target", "POST", f"/users/{id_of(pair, 'lara')}/assignLicense", body))
    assert 400 == status
    assert left_out in text


def test_no_licence_without_a_usage_location() -> None:
    """Wire 4.8: without usageLocation a licence is refused; once it is set, it is taken."""
    pair = target([mail_user(usage_location=None)])
    refused = message(license_user(pair, "lara", E3))
    changed = pair.graph("target", "PATCH", f"/users/{id_of(pair, 'lara')}", {"usageLocation": "NL"})
    assert (400, "License assignment cannot be done for user with invalid usage location.") == refused
    assert (204, 200) == (changed.status, license_user(pair, "lara", E3).status)


def test_an_unknown_subscription_is_refused() -> None:
    """A licence that the organisation does not have cannot be assigned."""
    status, text = message(license_user(target([mail_user()]), "lara", PLAN_2))
    assert (400, True) == (status, PLAN_2 in text)


def test_a_plan_of_another_subscription_cannot_be_left_out() -> None:
    """DisabledPlans names plans of the licence that is assigned, and no others."""
    assert 400 == license_user(target([mail_user()]), "lara", ADDON, disabled=(PLAN_2,)).status


def test_without_a_free_unit_there_is_no_licence() -> None:
    """Wire 4.6: where as many units are in use as there are, a further one is refused."""
    sku = {"sku_id": ADDON, "part_number": "Cross_tenant_user_data_migration", "enabled": 1}
    pair = target([mail_user(), mail_user("mona")], skus=[sku])
    first, second = license_user(pair, "lara", ADDON), license_user(pair, "mona", ADDON)
    text = f"Subscription with SKU {ADDON} does not have any available licenses."
    assert (200, (400, text)) == (first.status, message(second))


def test_a_refused_request_changes_nothing() -> None:
    """Of several licences in one request none is assigned when one is refused."""
    pair = target([mail_user()])
    assert 400 == license_user(pair, "lara", E3, PLAN_2).status
    assert ([], 3) == (shown(pair, "lara", "assignedLicenses")["assignedLicenses"], consumed(pair, "SPE_E3"))


def test_a_licence_of_a_group_cannot_be_taken_from_its_member() -> None:
    """Wire 4.8: removing a licence that comes from a group fails."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", ["lara"], licences=["SPE_E3"])])
    status, text = message(license_user(pair, "lara", remove=(E3,)))
    assert (400, True) == (status, "inherited from a group" in text)


def test_a_licence_that_is_not_there_cannot_be_removed() -> None:
    """Removing a licence that the user does not have is 400."""
    assert 400 == license_user(target([mail_user()]), "lara", remove=(E3,)).status


def test_plans_show_how_far_they_are() -> None:
    """Wire 4.7: a plan is Disabled, PendingProvisioning until the licence counts, and then Success."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)])
    license_user(pair, "lara", E3, disabled=(PLAN_2,))
    found = []
    for _ in range(2):
        (detail,) = pair.graph("target", "GET", f"/users/{id_of(pair, 'lara')}/licenseDetails").body["value"]
        plans = {plan["servicePlanName"]: plan["provisioningStatus"] for plan in detail["servicePlans"]}
        found.append((detail["skuPartNumber"], plans["EXCHANGE_S_ENTERPRISE"], plans["TEAMS1"]))
        pair.advance(LAG)
    assert [("SPE_E3", "Disabled", "PendingProvisioning"), ("SPE_E3", "Disabled", "Success")] == found


def test_details_include_what_groups_give() -> None:
    """Wire 4.7: licenseDetails holds the licences of groups too, and each subscription once."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", ["lara"], licences=["SPE_E3"])])
    license_user(pair, "lara", E3)
    rows = pair.graph("target", "GET", f"/users/{id_of(pair, 'lara')}/licenseDetails").body["value"]
    assert [E3] == [r["skuId"] for r in rows]


def test_each_assignment_names_its_source() -> None:
    """LicenseAssignmentStates tells direct assignments, without a group, from inherited ones (Graph documentation)."""
    pair = target([mail_user(exchange_guid=MOVED_GUID)], [group("staff", ["lara"], licences=["SPE_E3"])])
    license_user(pair, "lara", E3, disabled=(PLAN_2,))
    states = shown(pair, "lara", "licenseAssignmentStates")["licenseAssignmentStates"]
    facts = {s["assignedByGroup"]: (s["skuId"], s["state"], s["error"], s["disabledPlans"]) for s in states}
    assert {None: (E3, "Active", "None", [PLAN_2]), id_of(pair, "staff"): (E3, "Active", "None", [])} == facts


def test_reading_users_does_not_let_assign() -> None:
    """An application with User.Read.All alone cannot assign a licence nor change a user."""
    pair = target([mail_user()])
    few = pair.world.tenants["target"].file.applications[1].app_id
    token = pair.sign_in("target", few, SECRETS["XTMIG_TARGET_SECRET"], GRAPH_SCOPE).body["access_token"]
    path, body = f"/users/{id_of(pair, 'lara')}", {"addLicenses": [], "removeLicenses": []}
    answers = [
        pair.graph("target", "GET", path, token=token),
        pair.graph("target", "POST", f"{path}/assignLicense", body, token),
        pair.graph("target", "PATCH", path, {"usageLocation": "NL"}, token),
    ]
    assert [200, 403, 403] == [answer.status for answer in answers]


def test_a_person_needs_a_role_to_assign() -> None:
    """A person with the scope but without a role for licences is refused."""
    pair = target([mail_user()])
    scope = "https://graph.microsoft.com/LicenseAssignment.ReadWrite.All"
    tokens = [pair.person_token("target", upn, scope, GRAPH_CLIENT) for upn in (OTIS, REMY)]
    path = f"/users/{id_of(pair, 'lara')}/assignLicense"
    body = {"addLicenses": [{"skuId": ADDON, "disabledPlans": []}], "removeLicenses": []}
    assert [200, 403] == [pair.graph("target", "POST", path, body, token).status for token in tokens]


def test_what_is_mastered_on_premises_is_not_changed_here() -> None:
    """A synchronised user's name cannot be changed in the cloud; the usage location can."""
    pair = target([mail_user(directory_synchronised=True)])
    path = f"/users/{id_of(pair, 'lara')}"
    refused = pair.graph("target", "PATCH", path, {"displayName": "Other", "usageLocation": "IE"})
    taken = pair.graph("target", "PATCH", path, {"usageLocation": "IE"})
    now = shown(pair, "lara", "displayName", "usageLocation")
    assert (400, True) == (refused.status, "on-premises mastered" in refused.body["error"]["message"])
    assert (204, "Lara", "IE") == (taken.status, now["displayName"], now["usageLocation"])


@pytest.mark.parametrize("location", ["Netherlands", "nl", 7, ""])
def test_a_usage_location_is_a_country_code(location: Any) -> None:
    """UsageLocation is a two-letter country code (Graph documentation)."""
    pair = target([mail_user()])
    answer = pair.graph("target", "PATCH", f"/users/{id_of(pair, 'lara')}", {"usageLocation": location})
    assert (400, "NL") == (answer.status, object_of(pair, "lara").usage_location)


def test_an_administrator_can_be_licensed() -> None:
    """An administrator is a user like others: location and licence last, under the same id."""
    pair = target()
    before = pair.graph("target", "GET", f"/users/{OTIS}").body["id"]
    pair.graph("target", "PATCH", f"/users/{OTIS}", {"usageLocation": "NL"})
    body = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
    assert 200 == pair.graph("target", "POST", f"/users/{OTIS}/assignLicense", body).status
    pair.advance(LAG)
    rows = pair.graph("target", "GET", "/users?$select=id,userPrincipalName,assignedLicenses").body["value"]
    assert [(before, [E3])] == [
        (r["id"], [x["skuId"] for x in r["assignedLicenses"]]) for r in rows if r["userPrincipalName"] == OTIS
    ]


def test_a_batch_assigns_twenty_licences() -> None:
    """Twenty assignments in one $batch are twenty assignments, each with its own status (wire 4.12)."""
    pair = target([mail_user(f"u{n}", exchange_guid=f"1ec059c7-8396-4d0b-af4e-d6bd4c12a{n:03}") for n in range(20)])
    body = {"addLicenses": [{"skuId": ADDON, "disabledPlans": []}], "removeLicenses": []}
    members = [
        {
            "id": str(n), "method": "POST", "url": f"/users/{id_of(pair, f'u{n}')}/assignLicense", "body": body,
            "headers": {"Content-Type": "application/json"},
        }
        for n in range(20)
    ]  # fmt: skip
    answer = pair.graph("target", "POST", "/$batch", {"requests": members})
    assert [200] * 20 == [part["status"] for part in answer.body["responses"]]
    assert 20 == consumed(pair, "Cross_tenant_user_data_migration")


def test_a_guests_sign_in_name_is_escaped_in_a_batch() -> None:
    """A member's address is percent-encoded like any address, as a guest's sign-in name needs it (wire 4.12)."""
    pair = target(users=[GUEST])
    member = {"id": "1", "method": "GET", "url": f"/users/gast_x.example%23EXT%23@{INITIAL}?$select=displayName"}
    (part,) = pair.graph("target", "POST", "/$batch", {"requests": [member]}).body["responses"]
    assert (200, "Gast") == (part["status"], part["body"]["displayName"])


def test_me_has_the_id_of_the_token() -> None:
    """/me is the person signed in, with the id that /users shows."""
    pair = make_pair(example())
    token = pair.person_token("target", OTIS, "https://graph.microsoft.com/User.Read", GRAPH_CLIENT)
    me = pair.graph("target", "GET", "/me", token=token).body
    assert (OTIS, pair.graph("target", "GET", f"/users/{OTIS}").body["id"]) == (me["userPrincipalName"], me["id"])
