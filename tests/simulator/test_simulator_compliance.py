"""Security & Compliance of the simulated tenants: its own door and token, whom it lets in, what it answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from simulated_pair import EXCHANGE_SCOPE, example, make_pair

from xtmig_kernel.simulator.compliance_file import RetentionPolicy

if TYPE_CHECKING:
    from simulated_pair import Pair

    from xtmig_kernel.simulator.http import Answer

SCOPE = "https://ps.compliance.protection.outlook.com/.default"
POLICY, HOLD = "7cfb3034-5d45-4ac0-a989-ab3041051209", "7d895d48-7e23-4a8d-8346-533c3beac15d"
CASE = "3f2a0d51-0000-4000-8000-000000000001"
POLICIES, HOLDS, CASES = "Get-RetentionCompliancePolicy", "Get-CaseHoldPolicy", "Get-ComplianceCase"
ALL = [POLICIES, HOLDS, CASES]


def compliant(roles: list[str] | None = None, cmdlets: list[str] | None = None, **source: Any) -> Pair:
    """The example with a policy and a case, whose source operator has these roles and cmdlets."""
    data = example()
    operator = data["source"]["applications"][0]
    operator |= {"directory_roles": roles} if roles else {}
    operator |= {"compliance_cmdlets": cmdlets} if cmdlets is not None else {}
    data["source"] |= {
        "retention_policies": [{"guid": POLICY, "name": "Seven years"}, {"guid": CASE, "name": "Chats", "teams": True}],
        "compliance_cases": [
            {"guid": CASE, "name": "Litware v. Contoso", "holds": [{"guid": HOLD, "name": "Board", "enabled": False}]}
        ],
    } | source
    return make_pair(data)


def ask(pair: Pair, cmdlet: str, token: str | None = None, service: str = "compliance", **given: Any) -> Answer:
    """What the service answers to the source's operator."""
    bearer = token or pair.operator_token("source", SCOPE)
    url = f"/adminapi/beta/{pair.tenant_id('source')}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": given}}
    return pair.send(service, "POST", url, body, Authorization=f"Bearer {bearer}", content_type="application/json")


def rows(pair: Pair, cmdlet: str, **given: Any) -> list[dict[str, Any]]:
    answer = ask(pair, cmdlet, **given)
    assert answer.status == 200, answer.body
    return [{name: value for name, value in row.items() if "@" not in name} for row in answer.body["value"]]


def test_policies() -> None:
    """F-109: without an identity all policies are listed, with it that one, by name or GUID."""
    pair = compliant(cmdlets=ALL)
    first, second = rows(pair, POLICIES)
    assert (first["Name"], first["Guid"], first["Enabled"], first["TeamsPolicy"]) == (
        "Seven years",
        POLICY,
        True,
        False,
    )
    assert second["TeamsPolicy"] is True
    assert rows(pair, POLICIES, Identity=POLICY) == [first] == rows(pair, POLICIES, Identity="seven years")


def test_holds_and_their_cases() -> None:
    """F-110: a hold names its case by CaseId, which is the case's identity."""
    pair = compliant(cmdlets=ALL)
    (hold,) = rows(pair, HOLDS)
    assert (hold["Name"], hold["Guid"], hold["Enabled"]) == ("Board", HOLD, False)
    assert [case["Name"] for case in rows(pair, CASES, Identity=hold["CaseId"])] == ["Litware v. Contoso"]
    assert rows(pair, HOLDS, Case="Litware v. Contoso") == [hold]
    assert rows(pair, HOLDS, Case="another") == []


def test_each_door_takes_its_own_token() -> None:
    """F-107: a token for Exchange is refused here, and one for here by Exchange."""
    pair = compliant(cmdlets=ALL)
    assert ask(pair, POLICIES, pair.operator_token("source", EXCHANGE_SCOPE)).status == 401
    assert ask(pair, "Get-OrganizationConfig", service="exo").status == 401
    assert ask(pair, POLICIES, pair.operator_token("target", SCOPE)).status == 401


def test_each_door_has_its_own_cmdlets() -> None:
    """F-107: Exchange offers none of these cmdlets, and Security & Compliance none of Exchange's."""
    pair = compliant(cmdlets=ALL)
    assert ask(pair, "Get-Mailbox").status == 403
    exchange = pair.operator_token("source", EXCHANGE_SCOPE)
    assert ask(pair, POLICIES, exchange, service="exo").status == 403


@pytest.mark.parametrize(
    ("roles", "statuses"),
    [
        (["Compliance Administrator"], [200, 200]),
        (["Global Reader"], [200, 403]),
        (["Exchange Administrator"], [403, 403]),
    ],
)
def test_who_may_read_what(roles: list[str], statuses: list[int]) -> None:
    """F-107: a role of Exchange is none here; a reader of everything sees policies and no cases."""
    pair = compliant(roles)
    assert [ask(pair, cmdlet).status for cmdlet in (POLICIES, HOLDS)] == statuses


def test_a_person_without_a_role_is_let_in_and_offered_nothing() -> None:
    """F-107: a person's token is given by Exchange's own client; what the person may do is another thing."""
    pair = compliant()
    client = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
    data = pair.world.tenants["source"].file.administrators[0]
    data.directory_roles = ["Exchange Administrator"]
    token = pair.person_token("source", data.upn, SCOPE, client)
    assert ask(pair, POLICIES, token).status == 403
    url = f"/adminapi/v1.0/{pair.tenant_id('source')}/EXOModuleFile"
    assert (
        pair.send("compliance", "GET", url, Authorization=f"Bearer {token}").body["value"][0]["exportedCmdlets"] == ""
    )


def test_the_module_file_tells_what_is_offered() -> None:
    """F-107: the same request as at Exchange tells the cmdlets on offer here."""
    pair = compliant(cmdlets=[POLICIES])
    url = f"/adminapi/v1.0/{pair.tenant_id('source')}/EXOModuleFile"
    sent = pair.send("compliance", "GET", url, Authorization=f"Bearer {pair.operator_token('source', SCOPE)}")
    assert sent.body["value"][0]["exportedCmdlets"] == POLICIES


def test_a_refusal_is_json_in_json() -> None:
    """F-17: errors of compliance's cmdlets are told by JSON text with TypeName."""
    answer = ask(compliant(cmdlets=ALL), HOLDS, Identity="nobody")
    told = json.loads(answer.body["error"]["details"][0]["message"])
    assert told["TypeName"].endswith("ManagementObjectNotFoundException")
    assert answer.status == 404


def test_a_page_leads_to_the_same_door() -> None:
    """F-108: the rest of a list is fetched from the service that began it."""
    pair = compliant(cmdlets=ALL)
    pair.world.addresses = type(pair.world.addresses)(*"abcde", compliance="https://compliance.example")
    pair.world.page_rows = 1
    answer = ask(pair, POLICIES)
    assert answer.body["@odata.nextLink"].startswith("https://compliance.example/adminapi/beta/")


def test_what_is_not_served_is_said() -> None:
    """A parameter that nobody has described answers 501."""
    assert ask(compliant(cmdlets=ALL), POLICIES, TeamsPolicyOnly=True).status == 501
    assert ask(compliant(cmdlets=ALL), POLICIES, ResultSize="Unlimited").status == 400


@pytest.mark.parametrize("cloud", ["gcc_high", "dod", "china"])
def test_no_other_cloud_has_a_token_for_it(cloud: str) -> None:
    """F-107: where the host is not written down, the sign-in service knows no such interface."""
    data = example()
    data["source"]["cloud"] = cloud
    pair = make_pair(data)
    refused = pair.sign_in("source", pair.operator("source"), "practice-secret-source", SCOPE)
    assert "AADSTS500011" in refused.body["error_description"]


@pytest.mark.parametrize("guid", ["", "7cfb30345d454ac0a989ab3041051209", POLICY.upper()])
def test_a_guid_of_the_file_is_a_guid(guid: str) -> None:
    """The tenants file says GUIDs as the service does, or is refused."""
    with pytest.raises(ValidationError):
        RetentionPolicy(guid=guid, name="x")
