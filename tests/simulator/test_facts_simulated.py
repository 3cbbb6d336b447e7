"""Wire facts of the simulated tenants; each test names its fact in docs/reference/wire-facts.md."""

from __future__ import annotations

import json
import re
from typing import Any

import jwt
import pytest
from simulated_pair import EXCHANGE_SCOPE, GRAPH_SCOPE, SECRETS, Pair, example, make_pair

GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
OTIS = "otis.operator@northwindtraders.onmicrosoft.com"
AMBIGUOUS = "AmbiguousParameterSetException"
BAD_VALUE = "ParameterTransformationException"
WHERE = {"RemoteServer": "outlook.office.com", "RemoteTenant": "contoso.onmicrosoft.com", "ExchangeRemoteMove": True}


def text_of(answer: Any) -> str:
    """The message where Microsoft's module looks for it: in the details, else in the inner exception."""
    error = answer.body["error"]
    details = error.get("details")
    return str(details[0]["message"] if details else error["innererror"]["internalexception"]["message"])


def kind_of(answer: Any) -> str:
    """The exception type that the header names."""
    return str(answer.headers["X-ExceptionType"])


def customized(pair: Pair) -> Pair:
    """The same pair, with the target's customization in effect."""
    assert 200 == pair.exo("target", "Enable-OrganizationCustomization").status
    pair.advance(600)
    return pair


@pytest.mark.parametrize(
    ("cloud", "graph", "exchange"),
    [
        ("worldwide", "graph.microsoft.com", "outlook.office365.com"),
        ("gcc", "graph.microsoft.com", "outlook.office365.com"),
        ("gcc_high", "graph.microsoft.us", "outlook.office365.us"),
        ("dod", "dod-graph.microsoft.us", "outlook-dod.office365.us"),
        ("china", "microsoftgraph.chinacloudapi.cn", "partner.outlook.cn"),
    ],
)
def test_tokens_are_for_the_hosts_of_the_tenants_cloud(cloud: str, graph: str, exchange: str) -> None:
    """F-01: in each cloud tokens are asked for and issued for that cloud's own Graph and Exchange host."""
    data = example()
    data["target"]["cloud"] = cloud
    pair = make_pair(data)
    for host in (graph, exchange):
        secret = SECRETS["XTMIG_TARGET_SECRET"]
        answer = pair.sign_in("target", pair.operator("target"), secret, f"https://{host}/.default")
        claims = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
        assert f"https://{host}" == claims["aud"]


def test_chinas_exchange_is_asked_for_by_either_name() -> None:
    """F-01: the sources disagree on Exchange's host in China; a token for the other name is taken as well."""
    data = example()
    data["target"]["cloud"] = "china"
    pair = make_pair(data)
    secret, scope = SECRETS["XTMIG_TARGET_SECRET"], "https://outlook.office365.cn/.default"
    token = pair.sign_in("target", pair.operator("target"), secret, scope).body["access_token"]
    assert 200 == pair.exo("target", "Get-AcceptedDomain", token=token).status


@pytest.mark.parametrize(
    "body",
    [
        {"cmdletInput": {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}},
        {"CmdletInput": {"cmdletName": "Get-AcceptedDomain", "Parameters": {}}},
        {"CmdletInput": {"CmdletName": "Get-AcceptedDomain", "parameters": {}}},
        {"CmdletInput": {"CmdletName": "Get-AcceptedDomain", "Parameters": None}},
    ],
)
def test_the_envelope_is_taken_by_the_letter(pair: Pair, body: dict[str, Any]) -> None:
    """F-06: names in the envelope count with their capitals, and Parameters is never null."""
    url = f"/adminapi/beta/{pair.tenant_id('target')}/InvokeCommand"
    token = pair.operator_token("target")
    assert 400 == pair.send("exo", "POST", url, body, Authorization=f"Bearer {token}").status


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Get-Mailbox", {"Archive": "yes"}),
        ("Get-Mailbox", {"Archive": 1}),
        ("Get-Mailbox", {"ResultSize": "many"}),
        ("Get-Mailbox", {"Identity": ["a", "b"]}),
    ],
)
def test_values_of_the_wrong_kind_are_refused(pair: Pair, cmdlet: str, parameters: dict[str, Any]) -> None:
    """F-07: a switch is a boolean, a size a number or Unlimited, an identity one text."""
    answer = pair.exo("source", cmdlet, **parameters)
    assert (400, BAD_VALUE) == (answer.status, kind_of(answer))


def test_bytes_are_the_same_in_each_spelling(pair: Pair) -> None:
    """F-09: typed numbers and base64 are the same bytes, and are recorded as the same."""
    recorded = []
    for value in ({"@odata.type": "#Exchange.ByteArrayType", "Data": [66, 65]}, "QkE="):
        pair.exo("target", "Set-MigrationEndpoint", Identity="x", ServiceAccountKeyFileData=value)
        recorded.append(pair.outcomes[-1].entries[0].parameters["ServiceAccountKeyFileData"])
    assert recorded[0] == recorded[1]


def test_a_credential_in_clear_text_is_refused(pair: Pair) -> None:
    """F-11: a credential that was not encrypted for this session is not read."""
    clear = json.dumps({"UserName": "app", "Password": "s3cr3t-value"})
    answer = pair.exo("target", "Set-MigrationEndpoint", Identity="x", Credentials=clear)
    assert (400, BAD_VALUE) == (answer.status, kind_of(answer))


@pytest.mark.parametrize("cmdlet", ["Get-Mailbox", "Get-MailUser", "Get-DistributionGroup"])
def test_a_null_identity_means_every_recipient(pair: Pair, cmdlet: str) -> None:
    """F-12: null names nobody, so all are answered."""
    side = "target" if cmdlet == "Get-MailUser" else "source"
    every = pair.exo(side, cmdlet).body["value"]
    assert every
    assert every == pair.exo(side, cmdlet, Identity=None).body["value"]


def test_dates_have_seven_decimals_and_an_offset() -> None:
    """F-14: a date is typed beside, with seven decimals and its offset."""
    data = example()
    data["source"]["mailboxes"][0]["created"] = "2022-09-21T08:07:47Z"
    (row,) = make_pair(data).exo("source", "Get-Mailbox", Identity="LaraN").body["value"]
    assert "System.DateTime" == row["WhenMailboxCreated@data.type"]
    assert "2022-09-21T08:07:47.0000000+00:00" == row["WhenMailboxCreated"]


def test_pages_need_the_tenants_own_name_in_the_address(pair: Pair) -> None:
    """F-16: with a domain of the organisation's own in the address, the second page is refused."""
    order = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": "Unlimited"}}}
    bearer = f"Bearer {pair.operator_token('source')}"
    statuses = []
    for reference in ("contoso.com", "contoso.onmicrosoft.com", pair.tenant_id("source")):
        url = f"/adminapi/beta/{reference}/InvokeCommand"
        first = pair.send("exo", "POST", url, order, Authorization=bearer, Prefer="odata.maxpagesize=10")
        link = url + "?" + first.body["@odata.nextLink"].partition("?")[2]
        second = pair.send("exo", "POST", link, order, Authorization=bearer, Prefer="odata.maxpagesize=10")
        statuses.append((first.status, second.status))
    assert [(200, 400), (200, 200), (200, 200)] == statuses


def test_an_unknown_parameter_leaves_the_id_empty(pair: Pair) -> None:
    """F-18: the message of an unknown parameter begins with a bar, and the inner exception names the type too."""
    answer = pair.exo("target", "Get-AcceptedDomain", Domain="x")
    inner = answer.body["error"]["innererror"]["internalexception"]
    assert text_of(answer).startswith("|Microsoft.Exchange.")
    assert inner["type"].endswith(f".{AMBIGUOUS}")


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("New-OrganizationRelationship", {"Name": "x"}),
        ("Set-OrganizationRelationship", {"Enabled": True}),
        ("Remove-MigrationEndpoint", {"Confirm": False}),
    ],
)
def test_a_missing_mandatory_parameter_does_not_bind(pair: Pair, cmdlet: str, parameters: dict[str, Any]) -> None:
    """F-18: where a mandatory parameter is missing, no parameter set fits."""
    answer = pair.exo("target", cmdlet, **parameters)
    assert (400, AMBIGUOUS) == (answer.status, kind_of(answer))


def test_an_endpoint_needs_its_remote_server(pair: Pair) -> None:
    """F-39: New-MigrationEndpoint for a remote move has RemoteServer as a mandatory parameter."""
    given = {name: value for name, value in WHERE.items() if name != "RemoteServer"}
    answer = customized(pair).exo("target", "New-MigrationEndpoint", Name="x", SkipVerification=True, **given)
    assert (400, AMBIGUOUS) == (answer.status, kind_of(answer))


def test_a_second_endpoint_of_one_name_is_refused(pair: Pair) -> None:
    """F-39: endpoints have different names."""
    customized(pair)
    answers = [pair.exo("target", "New-MigrationEndpoint", Name="x", SkipVerification=True, **WHERE) for _ in range(2)]
    assert (200, 400) == (answers[0].status, answers[1].status)
    assert kind_of(answers[1]).endswith("AlreadyExistsException")


def test_an_expired_secret_has_its_own_code(pair: Pair) -> None:
    """F-25: a secret whose time is over is AADSTS7000222."""
    made = pair.register()
    pair.consent("target", made["appId"])
    secret = pair.minted(made["id"], endDateTime="2026-12-01T00:00:00Z")
    pair.advance(60)
    good = pair.sign_in("target", made["appId"], secret, EXCHANGE_SCOPE)
    pair.advance(60 * 24 * 3600)
    late = pair.sign_in("target", made["appId"], secret, EXCHANGE_SCOPE)
    assert (200, [7000222]) == (good.status, late.body["error_codes"])


def test_a_domain_tells_region_and_cloud() -> None:
    """F-26: the configuration of a domain holds region, sub-region and the cloud's instance."""
    data = example()
    data["source"] |= {"cloud": "gcc_high", "region_scope": "USGov", "region_sub_scope": "DODCON"}
    document = make_pair(data).send("login", "GET", "/contoso.com/v2.0/.well-known/openid-configuration").body
    assert ("USGov", "DODCON") == (document["tenant_region_scope"], document["tenant_region_sub_scope"])
    assert "microsoftonline.us" == document["cloud_instance_name"]


def test_a_batch_members_own_token_counts(pair: Pair) -> None:
    """F-28: each member is authorized by its own token, not by that of the batch."""
    tenant, bearer = pair.tenant_id("target"), f"Bearer {pair.operator_token('target')}"
    stranger = f"Bearer {pair.operator_token('source')}"
    body = {"CmdletInput": {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}}
    url = f"/adminapi/beta/{tenant}/InvokeCommand"
    members = [
        {"id": str(n), "method": "POST", "url": url, "headers": {"Authorization": own}, "body": body}
        for n, own in enumerate((bearer, stranger))
    ]
    batch = f"/adminapi/beta/{tenant}/$batch"
    answer = pair.send("exo", "POST", batch, {"requests": members}, Authorization=bearer)
    assert {"0": 200, "1": 401} == {part["id"]: part["status"] for part in answer.body["responses"]}


def test_an_application_asks_for_the_default_scope_alone(pair: Pair) -> None:
    """F-29: an application on its own gets what it was granted, and cannot ask by permission name."""
    secret, scope = SECRETS["XTMIG_TARGET_SECRET"], "https://graph.microsoft.com/Directory.Read.All"
    answer = pair.sign_in("target", pair.operator("target"), secret, scope)
    assert (400, [70011]) == (answer.status, answer.body["error_codes"])


def test_a_graph_error_names_its_request(pair: Pair) -> None:
    """F-30: code, message and request id of an error; the id is that of the header."""
    answer = pair.graph("target", "GET", "/applications/none")
    error = answer.body["error"]
    assert (404, "Request_ResourceNotFound") == (answer.status, error["code"])
    assert answer.headers["request-id"] == error["innerError"]["request-id"]


def test_graph_gives_the_clients_own_id_back(pair: Pair) -> None:
    """F-30: the client-request-id that a request carries stands in header and error of its answer."""
    answer = pair.graph("target", "GET", "/applications/none", **{"client-request-id": "ours"})
    assert "ours" == answer.headers["client-request-id"] == answer.body["error"]["innerError"]["client-request-id"]


def test_graphs_next_link_is_absolute_and_cannot_be_made_up(pair: Pair) -> None:
    """F-31: a next link is an absolute address with an opaque token, and a changed token is refused."""
    link = pair.graph("source", "GET", "/users?$top=5").body["@odata.nextLink"]
    path = link.partition("/v1.0")[2]
    assert link.startswith("https://localhost:")
    assert 200 == pair.graph("source", "GET", path).status
    assert 400 == pair.graph("source", "GET", path[:-1] + ("0" if path[-1] != "0" else "1")).status


def test_a_batch_member_with_a_body_names_its_type(pair: Pair) -> None:
    """F-32: a member with a body and no Content-Type is refused, the others are answered."""
    member = {"method": "POST", "url": "/applications", "body": {"displayName": "x"}}
    typed = member | {"headers": {"Content-Type": "application/json"}}
    answer = pair.graph("target", "POST", "/$batch", {"requests": [member | {"id": "1"}, typed | {"id": "2"}]})
    assert {"1": 400, "2": 201} == {part["id"]: part["status"] for part in answer.body["responses"]}


def test_a_service_principal_names_its_owner(pair: Pair) -> None:
    """F-36: in the source too, the application belongs to the tenant that registered it."""
    made = pair.register()
    pair.consent("source", made["appId"])
    pair.advance(20)
    (row,) = pair.graph("source", "GET", f"/servicePrincipals?$filter=appId eq '{made['appId']}'").body["value"]
    assert pair.tenant_id("target") == row["appOwnerOrganizationId"]


def test_the_initial_domain_is_not_the_default_one(pair: Pair) -> None:
    """F-37: of the verified domains one is the initial one, and another may be the default."""
    (row,) = pair.graph("source", "GET", "/organization").body["value"]
    marks = {domain["name"]: (domain["isInitial"], domain["isDefault"]) for domain in row["verifiedDomains"]}
    assert {"contoso.onmicrosoft.com": (True, False), "contoso.com": (False, True)} == marks


@pytest.mark.parametrize("synchronised", [True, None])
def test_directory_synchronisation_is_true_or_null(*, synchronised: bool | None) -> None:
    """F-37: onPremisesSyncEnabled is true where a directory is synchronised, and null where none ever was."""
    data = example()
    data["source"]["directory_synchronised"] = bool(synchronised)
    (row,) = make_pair(data).graph("source", "GET", "/organization").body["value"]
    assert synchronised is row["onPremisesSyncEnabled"]


def test_roles_can_be_cast(pair: Pair) -> None:
    """F-37: the cast to a role gives the directory roles of the person who is signed in."""
    token = pair.person_token("target", OTIS, "https://graph.microsoft.com/User.Read", GRAPH_CLIENT)
    path = "/me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true"
    rows = pair.graph("target", "GET", path, token=token, ConsistencyLevel="eventual").body["value"]
    assert "29232cdf-9323-42fd-ade2-1d097af3e4de" in {row["roleTemplateId"] for row in rows}


def test_a_partner_is_known_by_its_id_and_not_by_a_domain(pair: Pair) -> None:
    """F-41: a relationship whose DomainNames holds the partner's domain does not open mailbox moves."""
    from xtmig_kernel.simulator.exchange.relationships import towards

    source, target = pair.world.tenants["source"], pair.world.tenants["target"]
    opened = {"Enabled": True, "MailboxMoveEnabled": True, "MailboxMoveCapability": "Inbound"}
    found = []
    for number, name in enumerate(("northwindtraders.onmicrosoft.com", target.tenant_id)):
        pair.exo("source", "New-OrganizationRelationship", Name=f"R{number}", DomainNames=[name], **opened)
        relationship = towards(source, target, "Inbound")
        found.append(relationship.name if relationship else None)
    assert [None, "R1"] == found


def test_accepted_domains_are_named(pair: Pair) -> None:
    """F-43: Get-AcceptedDomain answers DomainName."""
    rows = pair.exo("target", "Get-AcceptedDomain").body["value"]
    assert {"northwindtraders.onmicrosoft.com", "northwindtraders.com"} == {row["DomainName"] for row in rows}


def test_one_token_opens_one_service(pair: Pair) -> None:
    """F-29: Exchange does not take a token for Graph."""
    assert 401 == pair.exo("target", "Get-AcceptedDomain", pair.operator_token("target", GRAPH_SCOPE)).status


def test_exchange_tells_the_room_that_is_left(pair: Pair) -> None:
    """F-24: every answer of Exchange names its limit, what remains of it, and when it is reset."""
    headers = pair.exo("source", "Get-AcceptedDomain").headers
    assert int(headers["Rate-Limit-Remaining"]) < int(headers["Rate-Limit-Limit"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", headers["Rate-Limit-Reset"])


@pytest.mark.parametrize("named", ["", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("service", ["exo", "graph"])
def test_a_body_names_itself_as_json(pair: Pair, service: str, named: str) -> None:
    """F-02, F-32: a body without Content-Type, or with another one than JSON, is refused."""
    if service == "exo":
        answer = pair.exo_raw("target", {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}, Content_Type=named)
    else:
        answer = pair.graph("target", "POST", "/applications", {"displayName": "x"}, Content_Type=named)
    assert 400 == answer.status


def test_a_charset_may_stand_beside_the_type(pair: Pair) -> None:
    """F-02: application/json with a charset is JSON."""
    order = {"CmdletName": "Get-AcceptedDomain", "Parameters": {}}
    assert 200 == pair.exo_raw("target", order, Content_Type="application/json; charset=utf-8").status
