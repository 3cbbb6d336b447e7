"""Exchange's answers against the wire facts."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_answers import kind
from simulated_pair import SECRETS, Pair, example, make_pair

EXCHANGE_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
FEMI = "femi.federation@contoso.onmicrosoft.com"
REMY = "remy.recipients@northwindtraders.onmicrosoft.com"
EXCHANGE_SCOPE = "https://outlook.office365.com/.default"
HASHTABLE = "#Exchange.GenericHashTable"


def hydrated(pair: Pair) -> Pair:
    """The same pair with customization on in the target."""
    assert 200 == pair.exo("target", "Enable-OrganizationCustomization").status
    pair.advance(600)
    return pair


def relationship(pair: Pair, side: str = "source", **parameters: Any) -> Any:
    other = "target" if side == "source" else "source"
    given = {"Name": "Partner", "DomainNames": [pair.tenant_id(other)], **parameters}
    return pair.exo(side, "New-OrganizationRelationship", **given)


def test_values_carry_their_types(pair: Pair) -> None:
    """A mailbox's GUIDs, lists, sizes and dates are written as the service writes them (shapes 3.2, 3.4)."""
    answer = pair.exo("source", "Get-Mailbox", Identity="LaraN@contoso.onmicrosoft.com")
    (row,) = answer.body["value"]
    assert ("System.Guid", "#Guid") == (row["ExchangeGuid@data.type"], row["ExchangeGuid@odata.type"])
    assert "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8" == row["ExchangeGuid"]
    assert "00000000-0000-0000-0000-000000000000" == row["ArchiveGuid"]
    assert "#Collection(String)" == row["EmailAddresses@odata.type"]
    assert "SMTP:Lara.Newton@contoso.com" in row["EmailAddresses"]
    assert "99 GB (106,300,440,576 bytes)" == row["ProhibitSendQuota"]
    assert [] == answer.body["@adminapi.warnings"]


def test_an_object_that_is_not_there_is_404(pair: Pair) -> None:
    """Get with an unknown Identity is shape A with ManagementObjectNotFoundException (wire 1.7)."""
    answer = pair.exo("target", "Get-MigrationEndpoint", Identity="none")
    assert (404, "ManagementObjectNotFoundException") == (answer.status, kind(answer))
    assert "ManagementObjectNotFoundException" == answer.headers["X-ExceptionType"]


@pytest.mark.parametrize("parameters", [{}, {"Identity": None}])
def test_a_missing_or_null_identity_means_all(pair: Pair, parameters: dict[str, Any]) -> None:
    """Get without Identity, or with a null one, returns every object (cmdlet reference)."""
    rows = pair.exo("target", "Get-OrganizationRelationship", **parameters).body["value"]
    assert {"Fabrikam free-busy", "Contoso free-busy"} == {row["Name"] for row in rows}


def test_an_unknown_parameter_is_refused(pair: Pair) -> None:
    """A parameter that does not exist is 400 with AmbiguousParameterSetException and its name (shape C)."""
    answer = pair.exo("target", "Get-AcceptedDomain", Domain="x")
    assert (400, "AmbiguousParameterSetException") == (answer.status, kind(answer))
    assert answer.body["error"]["details"][0]["message"].endswith("Invalid cmdlet parameters specified. Domain")


def test_confirm_is_unknown_to_a_cmdlet_that_never_asks(pair: Pair) -> None:
    """Confirm on a Get cmdlet is an unknown parameter."""
    assert "AmbiguousParameterSetException" == kind(pair.exo("target", "Get-AcceptedDomain", Confirm=False))


def test_parameters_of_two_sets_do_not_bind(pair: Pair) -> None:
    """Parameters that share no parameter set are refused (New-MigrationEndpoint: remote move and IMAP)."""
    answer = pair.exo("target", "New-MigrationEndpoint", Name="x", RemoteServer="a.b", IMAP=True, RemoteTenant="c.d")
    assert "AmbiguousParameterSetException" == kind(answer)


def test_an_unknown_cmdlet_is_403_of_nul_bytes(pair: Pair) -> None:
    """A cmdlet that is not on offer answers NUL bytes, and the reason is in a header only (shape E)."""
    answer = pair.exo("target", "Get-Nonsense")
    assert (403, {0}) == (answer.status, set(answer.body))
    assert "CmdletAccessDeniedException" == answer.headers["X-ExceptionType"]


def test_a_real_cmdlet_that_is_not_simulated_is_501(pair: Pair) -> None:
    """What Exchange has and the simulator lacks is 501 and named, not 403."""
    assert 501 == pair.exo("target", "New-MoveRequest").status
    assert ["New-MoveRequest"] == pair.outcomes[-1].unsupported


def test_roles_decide_what_is_on_offer(pair: Pair) -> None:
    """A recipient administrator reads mailboxes and is refused the organisation's configuration (failures 2.1 #13)."""
    token = pair.person_token("target", REMY, EXCHANGE_SCOPE, EXCHANGE_CLIENT)
    assert 200 == pair.exo("target", "Get-MailUser", token).status
    assert 403 == pair.exo("target", "New-OrganizationRelationship", token, Name="x", DomainNames=["y"]).status


def test_federated_sharing_lacks_the_move_parameters(pair: Pair) -> None:
    """Relationships are on offer to Federated Sharing, but not MailboxMoveCapability (ROL-04)."""
    token = pair.person_token("source", FEMI, EXCHANGE_SCOPE, EXCHANGE_CLIENT)
    plain = pair.exo("source", "New-OrganizationRelationship", token, Name="x", DomainNames=["a.example"])
    moving = pair.exo("source", "Set-OrganizationRelationship", token, Identity="x", MailboxMoveCapability="Inbound")
    url = f"/adminapi/v1.0/{pair.tenant_id('source')}/EXOModuleFile"
    text = pair.send("exo", "GET", url, Authorization=f"Bearer {token}").body["value"][0]["fileContent"]
    assert (200, "AmbiguousParameterSetException") == (plain.status, kind(moving))
    assert "${FreeBusyAccessEnabled}" in text
    assert "MailboxMoveCapability" not in text


def test_a_token_of_the_other_tenant_is_401(pair: Pair) -> None:
    """A source token opens nothing in the target."""
    answer = pair.exo("target", "Get-OrganizationConfig", pair.operator_token("source"))
    assert 401 == answer.status
    assert "WWW-Authenticate" in answer.headers


def test_an_application_without_a_directory_role_is_403() -> None:
    """Exchange.ManageAsApp without a supported directory role is refused by name of the reason (wire 1.7 E)."""
    data = example()
    data["target"]["applications"][0]["directory_roles"] = []
    answer = make_pair(data).exo("target", "Get-OrganizationConfig")
    assert 403 == answer.status
    assert "isn't supported in this scenario" in answer.body["error"]["message"]


def test_an_application_without_manage_as_app_is_401() -> None:
    """Without Exchange.ManageAsApp every cmdlet is 401 (failures 2.1 #12)."""
    data = example()
    data["target"]["applications"][0]["permissions"]["exchange"] = []
    assert 401 == make_pair(data).exo("target", "Get-OrganizationConfig").status


@pytest.mark.parametrize(
    ("parameters", "asked"), [({}, True), ({"Confirm": True}, True), ({"WhatIf": True, "Confirm": False}, True),
                              ({"Confirm": False}, False)],
)  # fmt: skip
def test_removing_asks_first(pair: Pair, parameters: dict[str, Any], *, asked: bool) -> None:
    """A cmdlet of high impact only removes with Confirm false; else it answers a question (wire 1.4)."""
    answer = pair.exo("target", "Remove-OrganizationRelationship", Identity="Fabrikam free-busy", **parameters)
    left = pair.exo("target", "Get-OrganizationRelationship").body["value"]
    assert asked == ("@adminapi.confirmationmessage" in answer.body)
    assert (2 if asked else 1) == len(left)


def test_a_cmdlet_of_medium_impact_runs_without_confirm(pair: Pair) -> None:
    """Medium impact does not ask by default, and asks with Confirm true (wire 1.4)."""
    asked = relationship(pair, Confirm=True)
    assert "@adminapi.confirmationmessage" in asked.body
    assert [] == pair.exo("source", "Get-OrganizationRelationship").body["value"]
    assert 200 == relationship(pair).status


def test_a_dehydrated_organisation_refuses_new_objects(pair: Pair) -> None:
    """New-OrganizationRelationship waits for customization, which takes effect after the tenant's lag."""
    first = relationship(pair, "target")
    assert 200 == pair.exo("target", "Enable-OrganizationCustomization").status
    pair.advance(599)
    early = relationship(pair, "target")
    assert pair.exo("target", "Get-OrganizationConfig").body["value"][0]["IsDehydrated"] is True
    pair.advance(1)
    assert pair.exo("target", "Get-OrganizationConfig").body["value"][0]["IsDehydrated"] is False
    assert ["InvalidOperationInDehydratedContextException"] * 2 == [kind(first), kind(early)]
    assert 200 == relationship(pair, "target").status


def test_customization_is_enabled_once(pair: Pair) -> None:
    """Enable-OrganizationCustomization a second time is an error (doc trap C6)."""
    hydrated(pair)
    answer = pair.exo("target", "Enable-OrganizationCustomization")
    assert 400 == answer.status
    assert "already enabled for customization" in answer.body["error"]["details"][0]["message"]


def test_capabilities_are_flags(pair: Pair) -> None:
    """Flags may be given as text in any case and are printed in one order (shapes 3.8)."""
    relationship(pair, MailboxMoveEnabled=True, MailboxMoveCapability="remoteoutbound, Inbound")
    pair.advance(3)
    (row,) = pair.exo("source", "Get-OrganizationRelationship").body["value"]
    assert "Inbound, RemoteOutbound" == row["MailboxMoveCapability"]


def test_an_unknown_capability_is_a_bad_value(pair: Pair) -> None:
    """A flag that does not exist is shape B: no details, ParameterTransformationException."""
    answer = relationship(pair, MailboxMoveCapability="Sideways")
    assert (400, "ParameterTransformationException") == (answer.status, kind(answer))
    assert "details" not in answer.body["error"]


def test_setting_replaces_the_capability(pair: Pair) -> None:
    """Set-OrganizationRelationship replaces what is given and leaves the rest (doc trap A4)."""
    relationship(pair, MailboxMoveCapability="RemoteOutbound", OAuthApplicationId="app")
    pair.exo("source", "Set-OrganizationRelationship", Identity="Partner", MailboxMoveCapability="Inbound")
    pair.advance(3)
    (row,) = pair.exo("source", "Get-OrganizationRelationship", Identity="Partner").body["value"]
    assert ("Inbound", "app") == (row["MailboxMoveCapability"], row["OAuthApplicationId"])


def test_lists_take_add_and_remove(pair: Pair) -> None:
    """Add and Remove change a list in place; a plain list replaces it (wire 1.4)."""
    relationship(pair, MailboxMovePublishedScopes=["MoveScope"])
    add = {"@odata.type": HASHTABLE, "Add": ["NestedMovers"]}
    pair.exo("source", "Set-OrganizationRelationship", Identity="Partner", MailboxMovePublishedScopes=add)
    pair.advance(3)
    (both,) = pair.exo("source", "Get-OrganizationRelationship", Identity="Partner").body["value"]
    remove = {"@odata.type": HASHTABLE, "Remove": ["Nested movers"]}
    pair.exo("source", "Set-OrganizationRelationship", Identity="Partner", MailboxMovePublishedScopes=remove)
    (one,) = pair.exo("source", "Get-OrganizationRelationship", Identity="Partner").body["value"]
    assert ["Cross-tenant move scope", "Nested movers"] == both["MailboxMovePublishedScopes"]
    assert ["Cross-tenant move scope"] == one["MailboxMovePublishedScopes"]


def test_a_hashtable_without_its_type_is_refused(pair: Pair) -> None:
    """Add without @odata.type reaches the server as a JObject and fails (wire 1.4)."""
    relationship(pair)
    answer = pair.exo(
        "source", "Set-OrganizationRelationship", Identity="Partner", DomainNames={"Add": ["contoso.example"]}
    )
    assert "ParameterTransformationException" == kind(answer)


def test_an_empty_array_clears_nothing(pair: Pair) -> None:
    """An empty array leaves a list as it is; a typed hashtable without keys clears it (wire 1.4)."""
    relationship(pair, MailboxMovePublishedScopes=["MoveScope"])
    pair.advance(3)
    lists = []
    for value in ([], {"@odata.type": HASHTABLE}):
        pair.exo("source", "Set-OrganizationRelationship", Identity="Partner", MailboxMovePublishedScopes=value)
        (row,) = pair.exo("source", "Get-OrganizationRelationship", Identity="Partner").body["value"]
        lists.append(row["MailboxMovePublishedScopes"])
    assert [["Cross-tenant move scope"], []] == lists


def test_a_setting_that_changes_nothing_warns(pair: Pair) -> None:
    """A Set that changes nothing says so in a warning (wire 1.5)."""
    relationship(pair, Enabled=True)
    answer = pair.exo("source", "Set-OrganizationRelationship", Identity="Partner", Enabled=True)
    assert "no settings of 'Partner' have been modified" in answer.body["@adminapi.warnings"][0]


def test_names_and_domains_of_relationships_are_unique(pair: Pair) -> None:
    """A second relationship of the same name, or for the same domain, is refused."""
    hydrated(pair)
    name = relationship(pair, "target", Name="Contoso free-busy")
    domain = relationship(pair, "target", DomainNames=["contoso.com"])
    assert "ADObjectAlreadyExistsException" == kind(name)
    assert "DuplicateOrganizationRelationshipDomainException" == kind(domain)


def test_a_new_relationship_is_readable_after_the_lag(pair: Pair) -> None:
    """Reads find a new relationship once the tenant's lag has passed."""
    relationship(pair)
    counts = []
    for seconds in (0, 3):
        pair.advance(seconds)
        counts.append(len(pair.exo("source", "Get-OrganizationRelationship").body["value"]))
    assert [0, 1] == counts


def everything(pair: Pair, cmdlet: str, size: int, wait: float = 0, **parameters: Any) -> tuple[list[str], list[int]]:
    order = {"CmdletName": cmdlet, "Parameters": parameters}
    names: list[str] = []
    statuses, query = [], ""
    while True:
        answer = pair.exo_raw("source", order, None, query, Prefer=f"odata.maxpagesize={size}")
        statuses.append(answer.status)
        if answer.status != 200:
            return names, statuses
        names += [row["Alias"] for row in answer.body["value"]]
        if "@odata.nextLink" not in answer.body:
            return names, statuses
        query = "?" + answer.body["@odata.nextLink"].partition("?")[2]
        pair.wall += wait


def test_pages_come_by_sending_the_same_body_to_the_link(pair: Pair) -> None:
    """Pages of the asked size give every mailbox once (wire 1.6)."""
    names, statuses = everything(pair, "Get-Mailbox", 10, ResultSize="Unlimited")
    living = [m.alias for m in pair.world.tenants["source"].mailboxes if m.soft_deleted is None]
    assert (living, 3) == (names, len(statuses))


def test_a_page_link_ends_after_thirty_minutes(pair: Pair) -> None:
    """A page link is good for half an hour of wall time (wire 1.1, 1.6)."""
    _, statuses = everything(pair, "Get-Mailbox", 10, wait=1800, ResultSize="Unlimited")
    assert [200, 400] == statuses


def test_a_page_link_belongs_to_its_body(pair: Pair) -> None:
    """A link sent with another body is refused."""
    order = {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": "Unlimited"}}
    first = pair.exo_raw("source", order, Prefer="odata.maxpagesize=5")
    query = "?" + first.body["@odata.nextLink"].partition("?")[2]
    other = {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": 20}}
    answer = pair.exo_raw("source", other, None, query)
    assert "Expired or Invalid pagination request" in str(answer.body)


def test_result_size_cuts_and_warns(pair: Pair) -> None:
    """ResultSize limits the result, and a warning says that there is more (wire 1.6)."""
    answer = pair.exo("source", "Get-Mailbox", ResultSize=3)
    assert 3 == len(answer.body["value"])
    assert "There are more results available" in answer.body["@adminapi.warnings"][0]


def test_select_cuts_the_row(pair: Pair) -> None:
    """$select leaves only the properties named (wire 1.1)."""
    answer = pair.exo("source", "Get-Mailbox", query="?$select=Alias,ExchangeGuid", Identity="LaraN")
    assert {"Alias", "ExchangeGuid"} == {key for key in answer.body["value"][0] if "@" not in key}


def test_a_filter_finds_by_custom_attribute(pair: Pair) -> None:
    """Filter finds the mailboxes that the guide marks with CustomAttribute1."""
    answer = pair.exo("source", "Get-Mailbox", Filter="CustomAttribute1 -like 'Cross-Tenant-Project'")
    tagged = {m["alias"] for m in example()["source"]["mailboxes"] if 1 in m.get("custom_attributes", {})}
    assert {"LaraN", "TestUser_7", "TestUser_8"} < tagged
    assert tagged == {row["Alias"] for row in answer.body["value"]}


def test_a_batch_answers_each_member_and_records_it(pair: Pair) -> None:
    """Members of a batch have their own status and their own line; the batch's own line names no cmdlet (wire 1.9)."""
    tenant, token = pair.tenant_id("target"), pair.operator_token("target")
    members = [
        {
            "id": str(n), "method": "POST", "url": f"https://x/adminapi/beta/{tenant}/InvokeCommand",
            "body": {"CmdletInput": {"CmdletName": name, "Parameters": {}}},
        }
        for n, name in enumerate(("Get-AcceptedDomain", "Get-Nonsense"))
    ]  # fmt: skip
    url = f"/adminapi/beta/{tenant}/$batch"
    answer = pair.send("exo", "POST", url, {"requests": members}, Authorization=f"Bearer {token}")
    lines = [(e.cmdlet, e.status) for e in pair.outcomes[-1].entries]
    assert {"0": 200, "1": 403} == {r["id"]: r["status"] for r in answer.body["responses"]}
    assert [(None, 200), ("Get-AcceptedDomain", 200), ("Get-Nonsense", 403)] == lines


def test_a_batch_holds_at_most_ten(pair: Pair) -> None:
    """Eleven members are refused as a whole (wire 1.9)."""
    token = pair.operator_token("target")
    member = {"id": "0", "method": "POST", "url": "x", "body": {}}
    url = f"/adminapi/beta/{pair.tenant_id('target')}/$batch"
    answer = pair.send("exo", "POST", url, {"requests": [member] * 11}, Authorization=f"Bearer {token}")
    assert 400 == answer.status


def test_the_module_text_lists_what_is_on_offer(pair: Pair) -> None:
    """The downloaded module names the cmdlets on offer and ends with the session's key (wire 1.1)."""
    few = pair.world.tenants["target"].file.applications[1].app_id
    token = pair.sign_in("target", few, SECRETS["XTMIG_TARGET_SECRET"]).body["access_token"]
    url = f"/AdminApi/v1.0/{pair.tenant_id('target')}/EXOModuleFile?Version=3.9.2"
    (file,) = pair.send("exo", "GET", url, Authorization=f"Bearer {token}").body["value"]
    names = set(file["exportedCmdlets"].split(","))
    assert "Get-OrganizationRelationship" in names
    assert not [name for name in names if not name.startswith("Get-")]
    assert file["fileContent"].rstrip().endswith("</RSAKeyValue>'")
