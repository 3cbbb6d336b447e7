from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from core_facts import (
    APP_ID,
    APP_NAME,
    APP_OBJECT_ID,
    ENDPOINT,
    EXCHANGE,
    NOW,
    OTHER_ID,
    PERMISSION,
    SECRET_1,
    SOURCE_ID,
    TARGET_ID,
    USER_READ,
    make_project,
    planned,
    relationship,
    world,
)

from xtmig_kernel.changes import (
    Change,
    Credential,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    ReferredSecret,
)

PROVIDED = {"origin": "provided", "reference": "env:XTMIG_SECRET"}
BY_XTMIG = {"consent": {"target": "xtmig", "source": "xtmig"}}


def one(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def exchange_call(change: Change) -> ExchangeCall:
    (call,) = [call for call in change.calls if isinstance(call, ExchangeCall)]
    return call


def graph_call(change: Change) -> GraphCall:
    (call,) = [call for call in change.calls if isinstance(call, GraphCall)]
    return call


# 050 ----------------------------------------------------------------------------------------------------------------


def test_application_is_registered() -> None:
    """Where there is none, the application is created by its unique name, with all that it needs (APP-03 to APP-10)."""
    call = graph_call(one(planned("050.1", target__applications=[])))
    assert (call.method, call.path, call.path_values) == (
        "PATCH",
        "/applications(uniqueName='{name}')",
        {"name": APP_NAME},
    )
    assert call.headers == {"Prefer": "create-if-missing"}
    assert call.body == {
        "displayName": APP_NAME,
        "signInAudience": "AzureADMultipleOrgs",
        "web": {"redirectUris": ["https://office.com"]},
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE, "resourceAccess": [{"id": PERMISSION.split("/")[2], "type": "Role"}]}
        ],
    }


def test_unique_name_is_not_escaped_in_the_plan() -> None:
    """An apostrophe in a name is escaped once, where the address is made (wire 4.1b)."""
    change = one(planned("050.1", make_project(names__application="O'Brien"), target__applications=[]))
    assert graph_call(change).path_values == {"name": "O'Brien"}


def test_application_of_the_same_name_is_let_be() -> None:
    """An application that only bears the name is neither taken over nor doubled."""
    namesake = [dict(world()["target.applications"][0], UniqueName=None)]
    assert planned("050.1", target__applications=namesake) == ()
    assert planned("050.2", target__applications=[dict(namesake[0], SignInAudience="AzureADMyOrg")]) == ()


def test_adopted_application_is_never_created() -> None:
    """An application that the project names by its ID is not created when it is absent."""
    assert planned("050.1", make_project(application_id=OTHER_ID), target__applications=[]) == ()


def test_adopted_application_is_corrected() -> None:
    """An adopted application is corrected like our own, found by its ID."""
    change = one(
        planned("050.2", make_project(application_id=APP_ID), target__applications={"SignInAudience": "AzureADMyOrg"})
    )
    assert change.subject.key == (("AppId", APP_ID),)
    assert graph_call(change).path_values == {"id": APP_OBJECT_ID}


def test_only_what_is_wrong_is_corrected() -> None:
    """A correction sends the attributes that differ and no others."""
    change = one(planned("050.2", target__applications={"SignInAudience": "AzureADMyOrg"}))
    assert graph_call(change).body == {"signInAudience": "AzureADMultipleOrgs"}
    assert (change.before, change.after) == (
        {"SignInAudience": "AzureADMyOrg"},
        {"SignInAudience": "AzureADMultipleOrgs"},
    )


def test_redirect_uri_is_added_to_those_there() -> None:
    """Somebody's redirect URI is kept beside the one that a move needs (APP-05)."""
    change = one(planned("050.2", target__applications={"RedirectUris": ["https://a.example"]}))
    assert graph_call(change).body == {"web": {"redirectUris": ["https://a.example", "https://office.com"]}}


def test_permission_is_added_to_those_there() -> None:
    """Permissions of other services stay when Mailbox.Migration is added (APP-08, APP-10)."""
    change = one(planned("050.2", target__applications={"Permissions": [], "OtherPermissions": [USER_READ]}))
    apis = {r["resourceAppId"]: r["resourceAccess"] for r in graph_call(change).body["requiredResourceAccess"]}
    graph, _, scope = USER_READ.split("/")
    assert apis == {
        EXCHANGE: [{"id": PERMISSION.split("/")[2], "type": "Role"}],
        graph: [{"id": scope, "type": "Scope"}],
    }


def test_permissions_written_together_are_compared_together() -> None:
    """All permissions are sent as one list, so one that somebody adds meanwhile makes the plan stale."""
    change = one(planned("050.2", target__applications={"Permissions": [], "OtherPermissions": [USER_READ]}))
    assert {"Permissions": [], "OtherPermissions": [USER_READ]} == change.before


def test_user_read_is_removed_with_an_approval() -> None:
    """User.Read goes, what else is there stays, and a named approver agrees (APP-07)."""
    other = f"{OTHER_ID}/Role/{OTHER_ID}"
    change = one(planned("050.3", target__applications={"OtherPermissions": [USER_READ, other]}))
    assert (change.level, change.after["OtherPermissions"]) == (Level.NAMED, [other])  # type: ignore[index]
    assert [r["resourceAppId"] for r in graph_call(change).body["requiredResourceAccess"]] == sorted(
        [EXCHANGE, OTHER_ID]
    )


# 060 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "step"), [("target", "060.1"), ("source", "060.2")])
def test_consent_of_a_person_is_not_written(side: str, step: str) -> None:
    """Where a person consents in the browser, there is nothing to plan (CON-02)."""
    assert planned(step, **{f"{side}__service_principals": [], f"{side}__granted_roles": []}) == ()


@pytest.mark.parametrize(("side", "step", "tenant"), [("target", "060.1", TARGET_ID), ("source", "060.2", SOURCE_ID)])
def test_consent_by_xtmig(side: str, step: str, tenant: str) -> None:
    """Consent by xtmig adds the enterprise application and grants the one role, each with a named approval."""
    absent = {f"{side}__service_principals": [], f"{side}__granted_roles": []}
    add, grant = planned(step, make_project(**BY_XTMIG), **absent)
    assert {(change.side, change.tenant_id, change.level) for change in (add, grant)} == {(side, tenant, Level.NAMED)}
    assert graph_call(add).body == {"appId": APP_ID}
    principal = Later(add.subject, "Id")
    assert graph_call(grant).body == {
        "principalId": principal,
        "resourceId": f"{side}-exchange",
        "appRoleId": PERMISSION.split("/")[2],
    }


@pytest.mark.parametrize("side", ["target", "source"])
def test_approval_of_a_grant_outlives_the_first_change(side: str) -> None:
    """When the enterprise application was added and the grant was not, the grant is still the approved one."""
    step = "060.1" if side == "target" else "060.2"
    absent = {f"{side}__service_principals": [], f"{side}__granted_roles": []}
    _, both = planned(step, make_project(**BY_XTMIG), **absent)
    left = one(planned(step, make_project(**BY_XTMIG), **{f"{side}__granted_roles": []}))
    assert both.hash == left.hash


def test_role_that_is_not_offered_is_not_granted() -> None:
    """Where Exchange does not offer Mailbox.Migration, nothing is granted in its place."""
    absent = {"target__granted_roles": [], "target__exchange_resource": {"MailboxMigrationRoleId": None}}
    assert planned("060.1", make_project(**BY_XTMIG), **absent) == ()


def test_consent_waits_for_the_application() -> None:
    """Without a registered application there is nothing to consent to."""
    assert planned("060.1", make_project(**BY_XTMIG), target__applications=[], target__granted_roles=[]) == ()


# 070 ----------------------------------------------------------------------------------------------------------------


def test_customization_needs_a_second_person() -> None:
    """Enabling customization cannot be undone, so it is of level 3, and may take a day to show (EPT-07)."""
    change = one(planned("070.1", target__organization_config={"IsDehydrated": True}))
    assert (change.level, change.irreversible, change.lag_seconds) == (Level.SECOND_PERSON, True, 24 * 3600)
    assert exchange_call(change) == ExchangeCall("Enable-OrganizationCustomization")


@pytest.mark.parametrize("value", [False, None])
def test_customization_is_never_enabled_twice(value: object) -> None:
    """Only an organisation that is seen to be dehydrated is customized; a second call is an error (EPT-07)."""
    assert planned("070.1", target__organization_config={"IsDehydrated": value}) == ()


def test_endpoint_with_a_minted_secret() -> None:
    """The endpoint is created as the document says, with a secret made in the same change (EPT-02 to EPT-09)."""
    change = one(planned("070.2", target__migration_endpoints=[], target__application_credentials=[]))
    mint, create = change.calls
    assert isinstance(mint, GraphCall)
    assert (mint.path, mint.path_values) == ("/applications/{id}/addPassword", {"id": APP_OBJECT_ID})
    assert mint.body["passwordCredential"]["displayName"] == "xtmig contoso-moves 1"
    assert create == ExchangeCall(
        "New-MigrationEndpoint",
        {
            "Name": ENDPOINT,
            "ExchangeRemoteMove": True,
            "RemoteServer": "outlook.office.com",
            "RemoteTenant": "contoso.onmicrosoft.com",
            "Credentials": Credential(APP_ID, MintedSecret()),
            "ApplicationId": APP_ID,
        },
    )


def test_endpoint_with_a_provided_secret() -> None:
    """A secret that somebody provides is referred to, and none is minted."""
    change = one(planned("070.2", make_project(secret=PROVIDED), target__migration_endpoints=[]))
    assert [type(call) for call in change.calls] == [ExchangeCall]
    assert exchange_call(change).parameters["Credentials"] == Credential(APP_ID, ReferredSecret("env:XTMIG_SECRET"))


def test_endpoint_before_the_application_is_registered() -> None:
    """While the application is not registered, its IDs are shown as what will be read (Later)."""
    change = one(
        planned("070.2", target__migration_endpoints=[], target__applications=[], target__application_credentials=[])
    )
    later = exchange_call(change).parameters["ApplicationId"]
    assert isinstance(later, Later)
    assert (str(later), later.subject.key) == (f"AppId of application {APP_NAME}", (("UniqueName", APP_NAME),))


@pytest.mark.parametrize(
    ("cloud", "suffix", "server"),
    [
        ("gcc", "com", "outlook.office.com"),
        ("gcc-high", "us", "outlook.office365.us"),
        ("dod", "us", "outlook-dod.office365.us"),
    ],
)
def test_endpoint_of_other_clouds(cloud: str, suffix: str, server: str) -> None:
    """RemoteServer is the address of the cloud in which both tenants are (EPT-04)."""
    project = make_project(
        source={"tenant_id": SOURCE_ID, "domain": f"contoso.onmicrosoft.{suffix}", "cloud": cloud},
        target={"tenant_id": TARGET_ID, "domain": f"northwindtraders.onmicrosoft.{suffix}", "cloud": cloud},
    )
    assert (
        exchange_call(one(planned("070.2", project, target__migration_endpoints=[]))).parameters["RemoteServer"]
        == server
    )


@pytest.mark.parametrize("wrong", [{"RemoteTenant": "x.onmicrosoft.com"}, {"Identity": ENDPOINT.upper()}])
def test_endpoint_of_that_name_is_never_overwritten(wrong: dict[str, Any]) -> None:
    """An endpoint of the chosen name, in whatever case and state, is neither doubled nor changed."""
    assert planned("070.2", target__migration_endpoints=wrong) == ()


def test_minted_secret_is_valid_long_enough() -> None:
    """A minted secret lives as long as the project says, or 30 days beyond the last completion (APP-12)."""
    absent = {"target__migration_endpoints": [], "target__application_credentials": []}
    usual = one(planned("070.2", **absent)).calls[0]
    late = one(planned("070.2", make_project(last_completion=date(2027, 9, 30)), **absent)).calls[0]
    ends = [call.body["passwordCredential"]["endDateTime"] for call in (usual, late)]  # type: ignore[union-attr]
    assert ends[0] >= f"{NOW + timedelta(days=180):%Y-%m-%d}"
    assert ends[1] >= "2027-10-30"


REFUSED = {"Result": "Failed", "Message": "AADSTS7000215: Invalid client secret provided."}
RENEWALS: list[Any] = [
    pytest.param({}, {"target__endpoint_test": REFUSED}, id="refused"),
    pytest.param({}, {"target__endpoint_test": REFUSED | {"Message": "AADSTS7000222: expired"}}, id="expired"),
    pytest.param({}, {"target__application_credentials": {"EndsAt": "2026-12-01T00:00:00Z"}}, id="ends soon"),
    pytest.param({"last_completion": date(2027, 9, 30)}, {}, id="ends before the moves do"),
    pytest.param({"secret": {"generation": 2}}, {}, id="reset"),
    pytest.param({}, {"target__application_credentials": []}, id="lost"),
]


@pytest.mark.parametrize(("project", "changes"), RENEWALS)
def test_renewal(project: dict[str, Any], changes: dict[str, Any]) -> None:
    """A secret that is refused, ends too soon, must be reset or is gone is replaced and handed over (APP-15)."""
    change = one(planned("070.3", make_project(**project), **changes))
    mint, hand_over = change.calls
    assert isinstance(mint, GraphCall)
    assert hand_over == ExchangeCall(
        "Set-MigrationEndpoint",
        {"Identity": ENDPOINT, "Credentials": Credential(APP_ID, MintedSecret()), "ApplicationId": APP_ID},
    )
    taken = {row["DisplayName"] for row in world(**changes)["target.application_credentials"]}
    assert mint.body["passwordCredential"]["displayName"] not in taken


def test_renewal_of_a_provided_secret() -> None:
    """A provided secret is handed over again where the old one is refused."""
    project = make_project(secret=PROVIDED)
    change = one(planned("070.3", project, target__endpoint_test=REFUSED))
    assert exchange_call(change).parameters["Credentials"] == Credential(APP_ID, ReferredSecret("env:XTMIG_SECRET"))
    assert planned("070.3", project) == ()


@pytest.mark.parametrize("message", ["Access is denied.", "The connection to the server could not be completed."])
def test_other_refusals_do_not_renew(message: str) -> None:
    """An endpoint that fails for another reason keeps its secret."""
    assert planned("070.3", target__endpoint_test={"Result": "Failed", "Message": message}) == ()


@pytest.mark.parametrize(
    "foreign",
    [
        {"EndpointType": "IMAP"},
        {"RemoteTenant": "fabrikam.onmicrosoft.com"},
        {"ApplicationId": OTHER_ID},
        {"RemoteTenant": None, "ApplicationId": None, "RemoteServer": "mail.contoso.com"},
    ],
)
def test_endpoint_of_somebody_else_gets_no_secret(foreign: dict[str, Any]) -> None:
    """An endpoint that only bears the name, such as one for hybrid moves, keeps its credentials."""
    changes = {"target__migration_endpoints": foreign, "target__application_credentials": []}
    assert planned("070.3", target__endpoint_test=REFUSED, **changes) == ()


def test_replaced_secrets_are_removed() -> None:
    """When the endpoint works with the newest secret, this project's older ones go, each with a named approval."""
    rows = [
        SECRET_1 | {"KeyId": "k3", "DisplayName": "xtmig contoso-moves 3"},
        SECRET_1 | {"KeyId": "k1"},
        SECRET_1 | {"KeyId": "foreign", "DisplayName": "by hand"},
        SECRET_1 | {"KeyId": "other", "DisplayName": "xtmig another-project 1"},
        SECRET_1 | {"KeyId": "k2", "DisplayName": "xtmig contoso-moves 2"},
    ]
    changes = planned("070.4", target__application_credentials=rows)
    assert [(graph_call(c).body, c.level) for c in changes] == [
        ({"keyId": "k1"}, Level.NAMED),
        ({"keyId": "k2"}, Level.NAMED),
    ]


def test_the_tenth_secret_is_newer_than_the_ninth() -> None:
    """Secrets are numbered, not sorted as text."""
    rows = [SECRET_1 | {"KeyId": f"k{n}", "DisplayName": f"xtmig contoso-moves {n}"} for n in (9, 10)]
    change = one(planned("070.4", target__application_credentials=rows))
    assert graph_call(change).body == {"keyId": "k9"}


def test_old_secrets_stay_while_the_endpoint_does_not_work() -> None:
    """No secret is removed while the endpoint is refused or was not tested."""
    rows = [SECRET_1, SECRET_1 | {"KeyId": "k2", "DisplayName": "xtmig contoso-moves 2"}]
    assert planned("070.4", target__application_credentials=rows, target__endpoint_test=REFUSED) == ()
    assert planned("070.4", target__application_credentials=rows, target__endpoint_test=[]) == ()


def test_relationship_is_created() -> None:
    """Where none holds the partner, one is created with its tenant ID, for inbound moves (REL-06 to REL-09)."""
    change = one(planned("070.5", target__organization_relationships=[]))
    assert exchange_call(change) == ExchangeCall(
        "New-OrganizationRelationship",
        {
            "Name": "xtmig-contoso-moves",
            "DomainNames": [SOURCE_ID],
            "Enabled": True,
            "MailboxMoveEnabled": True,
            "MailboxMoveCapability": "Inbound",
        },
    )


def test_other_direction_is_kept() -> None:
    """A relationship that serves moves in the other direction gets Inbound beside it, not instead (REL-05, REL-09)."""
    change = one(planned("070.5", target__organization_relationships={"MailboxMoveCapability": ["RemoteOutbound"]}))
    assert exchange_call(change) == ExchangeCall(
        "Set-OrganizationRelationship",
        {"Identity": "xtmig-contoso-moves", "MailboxMoveCapability": "Inbound, RemoteOutbound"},
    )


def test_only_what_is_missing_is_set() -> None:
    """What is right in a relationship is not sent again, nor what moves do not need (REL-05)."""
    change = one(planned("070.5", target__organization_relationships={"MailboxMoveEnabled": False}))
    assert exchange_call(change).parameters == {"Identity": "xtmig-contoso-moves", "MailboxMoveEnabled": True}


@pytest.mark.parametrize("kept", ["Guid", "DomainNames"])
def test_relationship_is_held_to_its_identity(kept: str) -> None:
    """A relationship that is another one by now, or names others, makes the plan stale (REL-05)."""
    change = one(planned("070.5", target__organization_relationships={"Enabled": False}))
    assert change.before is not None
    assert change.after is not None
    assert relationship()[kept] == change.before[kept] == change.after[kept]


def test_several_relationships_are_left_to_people() -> None:
    """Where several hold the partner, none is chosen (REL-04)."""
    rows = [relationship(Enabled=False), relationship(Identity="second", Enabled=False)]
    assert planned("070.5", target__organization_relationships=rows) == ()


def test_relationship_of_the_name_with_another_partner() -> None:
    """A relationship that bears the name and names somebody else is neither changed nor doubled."""
    rows = [relationship(Identity="XTMIG-contoso-moves", DomainNames=[OTHER_ID])]
    assert planned("070.5", target__organization_relationships=rows) == ()


def test_free_busy_relationship_is_untouched() -> None:
    """A relationship with the partner's domain serves Free/Busy; a new one is made beside it."""
    free_busy = relationship(Identity="Contoso", DomainNames=["contoso.com", "contoso.onmicrosoft.com"])
    change = one(planned("070.5", target__organization_relationships=[free_busy]))
    assert (change.before, exchange_call(change).cmdlet) == (None, "New-OrganizationRelationship")
