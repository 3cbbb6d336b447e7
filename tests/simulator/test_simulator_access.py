"""What can be taken from an account of the simulated tenants, and how the services then answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulated_pair import GRAPH_SCOPE, SECRETS, Pair, example, make_pair

if TYPE_CHECKING:
    from xtmig_kernel.simulator.http import Answer

CLIENT = "7a26e700-0000-4000-8000-0000cccc0001"
OTIS = "otis.operator@northwindtraders.onmicrosoft.com"
EXCHANGE_ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"
POLICY = "/policies/defaultAppManagementPolicy"
ELIGIBLE = "/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"


def pair_with(policies: dict[str, Any] | None = None, **person: Any) -> Pair:
    """The example whose target has these policies, a first administrator so changed, and a client of its own."""
    data = example()
    data["target"]["policies"] = policies or {}
    data["target"]["administrators"][0].update(person)
    scopes = ["User.Read", "RoleManagement.Read.Directory"]
    client = {"name": "Client", "app_id": CLIENT, "public_client": True, "delegated_graph": scopes}
    data["target"]["applications"].append(client)
    data["target"]["applications"][0]["permissions"]["graph"].append("Policy.Read.All")
    return make_pair(data)


def device_code(pair: Pair, client_id: str) -> Answer:
    """What the token endpoint answers once the first administrator has entered the code."""
    place = f"/{pair.tenant_id('target')}/oauth2/v2.0"
    begun = pair.post_form("login", f"{place}/devicecode", client_id=client_id, scope=GRAPH_SCOPE).body
    pair.post_form("portal", "/devicelogin", user_code=begun["user_code"], account=OTIS, decision="continue")
    fields = {"grant_type": "device_code", "client_id": client_id, "device_code": begun["device_code"]}
    return pair.post_form("login", f"{place}/token", **fields)


@pytest.mark.parametrize(
    ("secrets", "restrictions"),
    [
        ({}, []),
        ({"allowed": False}, [{"restrictionType": "passwordAddition", "maxLifetime": None, "state": "enabled"}]),
        ({"max_days": 90}, [{"restrictionType": "passwordLifetime", "maxLifetime": "P90D", "state": "enabled"}]),
    ],
)
def test_the_policy_on_secrets(secrets: dict[str, Any], restrictions: list[dict[str, Any]]) -> None:
    """F-92: a policy that forbids secrets says passwordAddition, one that shortens them passwordLifetime."""
    answer = pair_with({"secrets": secrets}).graph("target", "GET", POLICY)
    assert answer.body["isEnabled"] is bool(restrictions)
    assert answer.body["applicationRestrictions"]["passwordCredentials"] == restrictions


def test_the_policy_needs_its_right() -> None:
    """F-92: without Policy.Read.All the policy is refused."""
    assert make_pair(example()).graph("target", "GET", POLICY).status == 403


def test_eligible_roles_are_no_active_ones() -> None:
    """F-93: a role that is eligible is told by its template, and no token names it."""
    pair = pair_with(directory_roles=[], eligible_roles=["Exchange Administrator"])
    token = pair.person_token("target", OTIS, GRAPH_SCOPE, CLIENT)
    (row,) = pair.graph("target", "GET", ELIGIBLE, token=token).body["value"]
    assert row["roleDefinitionId"] == EXCHANGE_ADMINISTRATOR
    assert EXCHANGE_ADMINISTRATOR not in pair.world.keys.verify(token, "https://graph.microsoft.com", pair.wall)["wids"]


def test_conditional_access_refuses_persons() -> None:
    """Where persons are blocked, their token is refused with AADSTS53003; an application still gets its own (F-25)."""
    pair = pair_with({"block_persons": True})
    assert device_code(pair, CLIENT).body["error_codes"] == [53003]
    assert pair.sign_in("target", pair.operator("target"), SECRETS["XTMIG_TARGET_SECRET"]).status == 200


def test_a_client_without_consent_is_told_so() -> None:
    """A device that waits for a client to which nobody has consented is told AADSTS65001."""
    data = example()
    client = {"name": "Client", "app_id": CLIENT, "public_client": True}
    data["target"]["applications"].append(client)
    assert device_code(make_pair(data), CLIENT).body["error_codes"] == [65001]


def test_a_guests_token_is_of_their_own_tenant() -> None:
    """The token of a guest names the tenant where they are at home."""
    home = "0d0d0d0d-0000-4000-8000-00000000aaaa"
    pair = pair_with(home_tenant=home)
    token = pair.person_token("target", OTIS, GRAPH_SCOPE, CLIENT)
    assert pair.world.keys.verify(token, "https://graph.microsoft.com", pair.wall)["tid"] == home
