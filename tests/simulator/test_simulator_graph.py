"""Graph's answers against the wire facts."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_pair import EXCHANGE_APP, GRAPH_SCOPE, MAILBOX_MIGRATION, SECRETS, Pair, example, make_pair

GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
OTIS = "otis.operator@northwindtraders.onmicrosoft.com"
REMY = "remy.recipients@northwindtraders.onmicrosoft.com"


def test_the_organisation_names_its_domains(pair: Pair) -> None:
    """/organization gives tenant id and verified domains with their marks (wire 4.9)."""
    answer = pair.graph("target", "GET", "/organization?$select=id,verifiedDomains")
    (row,) = answer.body["value"]
    assert (200, pair.tenant_id("target")) == (answer.status, row["id"])
    assert {"northwindtraders.onmicrosoft.com": True, "northwindtraders.com": False} == {
        d["name"]: d["isInitial"] for d in row["verifiedDomains"]
    }
    assert {"id", "verifiedDomains"} == set(row)


def test_user_read_alone_shows_three_properties(pair: Pair) -> None:
    """With User.Read alone /organization is cut down to id, name and domains (wire 4.9)."""
    token = pair.person_token("target", REMY, "https://graph.microsoft.com/User.Read", GRAPH_CLIENT)
    (row,) = pair.graph("target", "GET", "/organization", token=token).body["value"]
    assert {"id", "displayName", "verifiedDomains"} == {k for k, v in row.items() if v is not None}


def test_a_new_application_is_readable_after_the_lag(pair: Pair) -> None:
    """A registration is found by key once the tenant's lag has passed, and has the ids of the first answer."""
    body = {"displayName": "Mover", "uniqueName": "xtmig-1", "signInAudience": "AzureADMultipleOrgs"}
    made = pair.graph("target", "POST", "/applications", body)
    early = pair.graph("target", "GET", "/applications(uniqueName='xtmig-1')")
    pair.advance(2)
    late = pair.graph("target", "GET", "/applications(uniqueName='xtmig-1')")
    assert (201, 404, 200) == (made.status, early.status, late.status)
    assert (made.body["id"], made.body["appId"]) == (late.body["id"], late.body["appId"])
    assert "Request_ResourceNotFound" == early.body["error"]["code"]


def test_patch_by_unique_name_creates_once(pair: Pair) -> None:
    """PATCH by uniqueName with create-if-missing creates, then updates the same object (wire 4.1b)."""
    path, prefer = "/applications(uniqueName='xtmig-1')", {"Prefer": "create-if-missing"}
    first = pair.graph("target", "PATCH", path, {"displayName": "Mover"}, **prefer)
    second = pair.graph("target", "PATCH", path, {"displayName": "Renamed"}, **prefer)
    pair.advance(2)
    rows = pair.graph("target", "GET", "/applications?$filter=uniqueName eq 'xtmig-1'").body["value"]
    assert (201, 204) == (first.status, second.status)
    assert [("Renamed", first.body["id"])] == [(r["displayName"], r["id"]) for r in rows]


def test_patch_by_unique_name_without_the_header_creates_nothing(pair: Pair) -> None:
    """Without `Prefer: create-if-missing` an unknown unique name is 404 (wire 4.1b)."""
    answer = pair.graph("target", "PATCH", "/applications(uniqueName='xtmig-1')", {"displayName": "Mover"})
    assert 404 == answer.status


def test_a_secret_is_shown_once(pair: Pair) -> None:
    """AddPassword shows the text; reading the application shows only hint and dates (wire 4.2)."""
    made = pair.register()
    wish = {"passwordCredential": {"displayName": "x", "endDateTime": "2027-01-01T00:00:00Z"}}
    minted = pair.graph("target", "POST", f"/applications/{made['id']}/addPassword", wish).body
    (shown,) = pair.graph("target", "GET", f"/applications/{made['id']}").body["passwordCredentials"]
    assert 40 == len(minted["secretText"])
    assert (None, minted["keyId"], minted["secretText"][:3]) == (shown["secretText"], shown["keyId"], shown["hint"])
    assert "2027-01-01T00:00:00Z" == shown["endDateTime"]


def test_a_removed_secret_is_gone(pair: Pair) -> None:
    """RemovePassword takes the secret away by its keyId with 204 (wire 4.2)."""
    made = pair.register()
    wish: dict[str, Any] = {"passwordCredential": {}}
    key_id = pair.graph("target", "POST", f"/applications/{made['id']}/addPassword", wish).body["keyId"]
    answer = pair.graph("target", "POST", f"/applications/{made['id']}/removePassword", {"keyId": key_id})
    assert 204 == answer.status
    assert [] == pair.graph("target", "GET", f"/applications/{made['id']}").body["passwordCredentials"]


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"allowed": False}, "CredentialTypeNotAllowedAsPerAppPolicy"),
        ({"max_days": 30}, "CredentialInvalidLifetimeAsPerAppPolicy"),
    ],
)
def test_a_policy_can_forbid_or_shorten_secrets(policy: dict[str, Any], code: str) -> None:
    """The tenant's application management policy answers addPassword with 400 (wire 4.2)."""
    data = example()
    data["target"]["policies"] = {"secrets": policy}
    pair = make_pair(data)
    made = pair.register()
    answer = pair.graph("target", "POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {}})
    assert (400, code) == (answer.status, answer.body["error"]["code"])


def test_missing_permission_is_denied(pair: Pair) -> None:
    """An application without Application.ReadWrite.All cannot register one: 403 (wire 4.14)."""
    few = pair.world.tenants["target"].file.applications[1].app_id
    token = pair.sign_in("target", few, SECRETS["XTMIG_TARGET_SECRET"], GRAPH_SCOPE).body["access_token"]
    answer = pair.graph("target", "POST", "/applications", {"displayName": "Mover"}, token)
    assert (403, "Authorization_RequestDenied") == (answer.status, answer.body["error"]["code"])


def test_a_scope_without_a_role_is_not_enough_for_a_person(pair: Pair) -> None:
    """A person with the scope but without an administrator's role cannot register an application."""
    scope = "https://graph.microsoft.com/Application.ReadWrite.All"
    pair.person_token("target", OTIS, scope, GRAPH_CLIENT)  # an administrator consents
    token = pair.person_token("target", REMY, scope, GRAPH_CLIENT)
    assert 403 == pair.graph("target", "POST", "/applications", {"displayName": "Mover"}, token).status


def test_a_token_for_exchange_is_not_one_for_graph(pair: Pair) -> None:
    """The wrong audience is 401 InvalidAuthenticationToken."""
    answer = pair.graph("target", "GET", "/organization", token=pair.operator_token("target"))
    assert (401, "InvalidAuthenticationToken") == (answer.status, answer.body["error"]["code"])


def test_each_tenant_has_its_own_exchange_principal(pair: Pair) -> None:
    """Office 365 Exchange Online is in both tenants under different object ids, with the same Mailbox.Migration id."""
    rows = [
        pair.graph(side, "GET", f"/servicePrincipals(appId='{EXCHANGE_APP}')").body for side in ("source", "target")
    ]
    assert rows[0]["id"] != rows[1]["id"]
    for row in rows:
        assert MAILBOX_MIGRATION in [r["id"] for r in row["appRoles"] if r["value"] == "Mailbox.Migration"]


def test_consent_over_graph_needs_its_own_permission(pair: Pair) -> None:
    """The operator application may not assign application permissions (it lacks AppRoleAssignment.ReadWrite.All)."""
    made = pair.register()
    principal = pair.graph("target", "POST", "/servicePrincipals", {"appId": made["appId"]}).body
    answer = pair.graph("target", "POST", f"/servicePrincipals/{principal['id']}/appRoleAssignments", {})
    assert 403 == answer.status


def test_a_second_service_principal_is_a_conflict(pair: Pair) -> None:
    """Creating the service principal twice is 409 (wire 4.3)."""
    made = pair.register()
    answers = [pair.graph("target", "POST", "/servicePrincipals", {"appId": made["appId"]}) for _ in range(2)]
    assert [201, 409] == [a.status for a in answers]


def test_an_administrator_can_assign_a_permission_once(pair: Pair) -> None:
    """A Global Administrator assigns Mailbox.Migration; doing it again is 400 (wire 4.4)."""
    made = pair.register()
    scope = " ".join(
        f"https://graph.microsoft.com/{name}" for name in ("AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    )
    token = pair.person_token("target", OTIS, scope, GRAPH_CLIENT)
    principal = pair.graph("target", "POST", "/servicePrincipals", {"appId": made["appId"]}).body["id"]
    resource = pair.graph("target", "GET", f"/servicePrincipals(appId='{EXCHANGE_APP}')").body["id"]
    body = {"principalId": principal, "resourceId": resource, "appRoleId": MAILBOX_MIGRATION}
    path = f"/servicePrincipals/{resource}/appRoleAssignedTo"
    answers = [pair.graph("target", "POST", path, body, token) for _ in range(2)]
    assert [201, 400] == [a.status for a in answers]
    assert "Permission being assigned already exists on the object" == answers[1].body["error"]["message"]


def test_roles_of_the_person_signed_in(pair: Pair) -> None:
    """/me/transitiveMemberOf gives directory roles with their template ids."""
    token = pair.person_token("target", OTIS, "https://graph.microsoft.com/User.Read", GRAPH_CLIENT)
    rows = pair.graph("target", "GET", "/me/transitiveMemberOf", token=token).body["value"]
    assert {"62e90394-69f5-4237-9190-012177145e10", "29232cdf-9323-42fd-ade2-1d097af3e4de"} == {
        r["roleTemplateId"] for r in rows if r["@odata.type"] == "#microsoft.graph.directoryRole"
    }


def test_pages_follow_an_opaque_absolute_link(pair: Pair) -> None:
    """$top cuts pages, and following @odata.nextLink as given gives every object once (wire 4.13)."""
    url, seen = "/users?$top=7", []
    while url:
        body = pair.graph("source", "GET", url).body
        assert len(body["value"]) <= 7
        seen += [row["userPrincipalName"] for row in body["value"]]
        url = body.get("@odata.nextLink", "").partition("/v1.0")[2]
    assert len(seen) == len(set(seen))
    living = [m for m in pair.world.tenants["source"].mailboxes if m.soft_deleted is None]
    assert {m.upn for m in living} <= set(seen)


def test_a_batch_keeps_each_status_and_dependency(pair: Pair) -> None:
    """Members answer for themselves; what depends on a failed one is 424; each is a line of the record (wire 4.12)."""
    members = [
        {"id": "1", "method": "GET", "url": "/organization"},
        {"id": "2", "method": "GET", "url": "/applications/none"},
        {"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]},
    ]
    answer = pair.graph("target", "POST", "/$batch", {"requests": members})
    assert {"1": 200, "2": 404, "3": 424} == {r["id"]: r["status"] for r in answer.body["responses"]}
    paths = [(e.path, e.status) for e in pair.outcomes[-1].entries]
    assert ("/v1.0/$batch", 200) == paths[0]
    assert [200, 404, 424] == [status for _, status in paths[1:]]


def test_a_batch_holds_at_most_twenty(pair: Pair) -> None:
    """Twenty-one members are refused as a whole (wire 4.12)."""
    members = [{"id": str(n), "method": "GET", "url": "/organization"} for n in range(21)]
    assert 400 == pair.graph("target", "POST", "/$batch", {"requests": members}).status


def test_what_the_simulator_lacks_is_501(pair: Pair) -> None:
    """A request or an option that is not simulated answers 501 and is named, never guessed."""
    assert 501 == pair.graph("target", "GET", "/devices").status
    assert 501 == pair.graph("target", "GET", "/users?$orderby=displayName").status
    assert ["query option $orderby on /v1.0/users"] == pair.outcomes[-1].unsupported


def test_subscriptions_show_their_seats(pair: Pair) -> None:
    """SubscribedSkus gives part number and seats (wire 4.6)."""
    rows = {r["skuPartNumber"]: r for r in pair.graph("target", "GET", "/subscribedSkus").body["value"]}
    assert "946ce899-873d-44bb-9d8b-671870cbfdbf" == rows["Cross_tenant_user_data_migration"]["skuId"]
    assert (60, 3) == (rows["SPE_E3"]["prepaidUnits"]["enabled"], rows["SPE_E3"]["consumedUnits"])
