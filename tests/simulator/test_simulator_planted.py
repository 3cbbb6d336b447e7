"""Failures planted through control reach the members of a batch (docs/reference/simulator.md)."""

from __future__ import annotations

from typing import Any

from simulated_pair import EXCHANGE_SCOPE, GRAPH_SCOPE, SECRETS
from simulator_process import SimulatorProcess

OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"


def post(simulator: SimulatorProcess, service: str, scope: str, path: str, body: Any) -> Any:
    form = {
        "grant_type": "client_credentials", "client_id": OPERATOR, "scope": scope,
        "client_secret": SECRETS["XTMIG_TARGET_SECRET"],
    }  # fmt: skip
    login = f"{simulator.connection['login']}/northwindtraders.com/oauth2/v2.0/token"
    token = simulator.secure.post(login, data=form, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = simulator.secure.post(simulator.connection[service] + path, json=body, headers=headers, timeout=30)
    return {part["id"]: part["status"] for part in answer.json()["responses"]}


def graph_batch(simulator: SimulatorProcess, *members: dict[str, Any]) -> Any:
    parts = [{"id": str(n), "method": "GET"} | member for n, member in enumerate(members)]
    return post(simulator, "graph", GRAPH_SCOPE, "/v1.0/$batch", {"requests": parts})


def test_a_planted_answer_reaches_a_member_of_a_graph_batch(simulator: SimulatorProcess) -> None:
    """The member on that path gets the planted answer as often as asked, the others their own."""
    simulator.control("POST", "/inject", {"service": "graph", "path": "/v1.0/groups", "status": 429, "times": 1})
    members = ({"url": "/groups?$top=5"}, {"url": "/organization"}, {"url": "/groups"})
    assert {"0": 429, "1": 200, "2": 200} == graph_batch(simulator, *members)
    assert [200, 429, 200, 200] == [line["status"] for line in simulator.record()[-4:]]


def test_what_depends_on_a_planted_failure_fails(simulator: SimulatorProcess) -> None:
    """A member that depends on one with a planted failure is 424 (wire 4.12)."""
    simulator.control("POST", "/inject", {"service": "graph", "path": "/v1.0/groups", "status": 503, "times": 1})
    members = ({"url": "/groups"}, {"url": "/organization", "dependsOn": ["0"]})
    assert {"0": 503, "1": 424} == graph_batch(simulator, *members)


def test_a_planted_answer_reaches_a_member_of_an_exchange_batch(simulator: SimulatorProcess) -> None:
    """The member with that cmdlet gets the planted answer, the others their own, and both are recorded."""
    plant = {"service": "exo", "cmdlet": "Get-AcceptedDomain", "status": 503, "body": "busy", "times": 1}
    simulator.control("POST", "/inject", plant)
    place = f"/adminapi/beta/{simulator.tenant_id('target')}"
    members = [
        {
            "id": str(n), "method": "POST", "url": f"{place}/InvokeCommand",
            "body": {"CmdletInput": {"CmdletName": cmdlet, "Parameters": {}}},
        }
        for n, cmdlet in enumerate(("Get-OrganizationConfig", "Get-AcceptedDomain", "Get-AcceptedDomain"))
    ]  # fmt: skip
    statuses = post(simulator, "exo", EXCHANGE_SCOPE, f"{place}/$batch", {"requests": members})
    assert {"0": 200, "1": 503, "2": 200} == statuses
    recorded = [(line["cmdlet"], line["status"]) for line in simulator.record()[-3:]]
    assert [("Get-OrganizationConfig", 200), ("Get-AcceptedDomain", 503), ("Get-AcceptedDomain", 200)] == recorded
