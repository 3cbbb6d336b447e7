"""The reads of a script: of the object that a change alters, and of what proves a section's state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import ExchangeCall, GraphCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xtmig_kernel.changes import Call, Change, Later
    from xtmig_kernel.project import Project, Side

_PERSON = ("ExternalDirectoryObjectId", "UserPrincipalName", "PrimarySmtpAddress", "RecipientTypeDetails")
_PROPERTIES: dict[str, tuple[str, ...]] = {
    "AcceptedDomain": ("DomainName", "DomainType", "Default", "InitialDomain"),
    "DistributionGroup": ("Name", "ExternalDirectoryObjectId", "RecipientTypeDetails"),
    "DistributionGroupMember": ("ExternalDirectoryObjectId", "PrimarySmtpAddress", "RecipientTypeDetails"),
    "MailUser": (*_PERSON, "ExchangeGuid", "ArchiveGuid", "EmailAddresses", "ExternalEmailAddress"),
    "Mailbox": (*_PERSON, "ExchangeGuid", "ArchiveGuid", "GrantSendOnBehalfTo"),
    "MailboxFolderPermission": ("FolderName", "User", "AccessRights"),
    "MailboxPermission": ("Identity", "User", "AccessRights", "Deny"),
    "MigrationBatch": ("Identity", "Status", "TotalCount", "SyncedCount", "FailedCount", "CompleteAfter"),
    "MigrationEndpoint": ("Identity", "EndpointType", "RemoteServer", "RemoteTenant", "ApplicationId"),
    "MigrationServerAvailability": ("Result", "Message", "ErrorDetail"),
    "MigrationUser": ("Identity", "BatchId", "Status", "ErrorSummary"),
    "MoveRequest": ("Identity", "Status", "BatchName", "Flags"),
    "OrganizationConfig": ("Name", "IsDehydrated"),
    "OrganizationRelationship": (
        "Identity", "Enabled", "DomainNames", "MailboxMoveEnabled", "MailboxMoveCapability",
        "MailboxMovePublishedScopes", "OAuthApplicationId",
    ),
    "RecipientPermission": ("Identity", "Trustee", "AccessRights"),
    "User": ("ExternalDirectoryObjectId", "UserPrincipalName", "RecipientTypeDetails", "PreviousRecipientTypeDetails"),
}  # fmt: skip
"""What a script notes of an object, by the noun of its Get cmdlet; of secrets nothing."""

_FURTHER_KEYS = {"MailboxPermission": "User", "MailboxFolderPermission": "User", "RecipientPermission": "Trustee"}
_ALL = {"ResultSize": "Unlimited"}
_APPLICATION = ("id", "appId", "displayName", "signInAudience", "web", "requiredResourceAccess")
_PRINCIPAL = ("id", "appId", "displayName")
_PERSON_IN_GRAPH = ("id", "userPrincipalName", "usageLocation", "assignedLicenses")
_SKU = ("skuId", "skuPartNumber", "prepaidUnits", "consumedUnits")


@dataclass(frozen=True)
class Read:
    """One read of a script.

    Args:
        call: What is called.
        names: The properties that are noted; never one that holds a secret.
        inside: Member of Graph's answer that holds the objects, or an empty text where the answer is the object.
        where: Property and value that pick one of many objects.
    """

    call: Call
    names: tuple[str, ...]
    inside: str = ""
    where: tuple[str, str] | None = None


def read_back(change: Change) -> Read:
    """The read that shows the object of a change after its last call.

    Args:
        change: The change.

    Raises:
        ValueError: Nobody has said how the object of such a call is read; a test makes sure that none is left.
    """
    call = change.calls[-1]
    return _after_cmdlet(call) if isinstance(call, ExchangeCall) else _after_request(call)


def _after_cmdlet(call: ExchangeCall) -> Read:
    noun = call.cmdlet.partition("-")[2].replace("OrganizationCustomization", "OrganizationConfig")
    if noun not in _PROPERTIES:
        raise ValueError(f"{call.cmdlet}: how its object is read is not known")
    further = tuple(name for name in call.parameters if "CustomAttribute" in name)
    names = (*_PROPERTIES[noun], *further)
    if noun == "OrganizationConfig":
        return Read(ExchangeCall("Get-OrganizationConfig"), names)
    identity = next(
        call.parameters[name] for name in ("Identity", "MicrosoftOnlineServicesID", "Name") if name in call.parameters
    )
    parameters: dict[str, Any] = {"Identity": identity}
    if noun == "DistributionGroupMember":
        where = ("ExternalDirectoryObjectId", str(call.parameters["Member"]))
        return Read(ExchangeCall("Get-DistributionGroupMember", parameters | _ALL), names, where=where)
    if noun in _FURTHER_KEYS:
        key = _FURTHER_KEYS[noun]
        parameters[key] = call.parameters[key]
    return Read(ExchangeCall(f"Get-{noun}", parameters), names)


def _after_request(call: GraphCall) -> Read:
    path, _, last = call.path.rpartition("/")
    if last in ("addPassword", "removePassword"):
        read = GraphCall("GET", f"{path}?$select=passwordCredentials", call.path_values)
        return Read(read, ("displayName", "keyId", "endDateTime"), "passwordCredentials")
    if last == "appRoleAssignments":
        return Read(GraphCall("GET", call.path, call.path_values), ("principalId", "resourceId", "appRoleId"), "value")
    if call.path == "/servicePrincipals":
        return _of_principal({"appId": call.body["appId"]}, "/servicePrincipals(appId='{appId}')")
    if call.path.startswith("/users/{id}"):
        return _one("/users/{id}", call.path_values, _PERSON_IN_GRAPH)
    if call.path.startswith("/servicePrincipals/"):
        return _of_principal(call.path_values, call.path)
    if call.path.startswith("/applications"):
        return _one(call.path, call.path_values, _APPLICATION)
    raise ValueError(f"{call.method} {call.path}: how its object is read is not known")


def _of_principal(values: Mapping[str, str | Later], path: str) -> Read:
    return _one(path, values, _PRINCIPAL)


def _one(path: str, values: Mapping[str, str | Later], names: tuple[str, ...]) -> Read:
    return Read(GraphCall("GET", f"{path}?$select={','.join(names)}", values), names)


def section_reads(facts: Iterable[str], side: Side, project: Project) -> tuple[Read, ...]:
    """The reads that show a side's state where a section changes nothing there.

    What xtmig works out from several reads for every single user is left to xtmig.

    Args:
        facts: The facts that the section's steps read, such as `"target.migration_endpoints"`.
        side: The tenant.
        project: The project.
    """
    tables = sorted(fact.partition(".")[2] for fact in set(facts) if fact.startswith(f"{side}."))
    return tuple(read for table in tables if table in _TABLES for read in _TABLES[table](project))


def _cmdlet(name: str, **parameters: str) -> Callable[[Project], tuple[Read, ...]]:
    read = Read(ExchangeCall(name, parameters), _PROPERTIES[name.partition("-")[2]])
    return lambda _project: (read,)


def _endpoint_test(project: Project) -> tuple[Read, ...]:
    call = ExchangeCall("Test-MigrationServerAvailability", {"Endpoint": project.endpoint_name})
    return (Read(call, _PROPERTIES["MigrationServerAvailability"]),)


def _groups(noun: str, **parameters: str) -> Callable[[Project], tuple[Read, ...]]:
    return lambda project: tuple(
        Read(ExchangeCall(f"Get-{noun}", {"Identity": name} | parameters), _PROPERTIES[noun])
        for name in project.scope_group_names
    )


def _application(project: Project) -> tuple[Read, ...]:
    if project.application_id:
        return (_one("/applications(appId='{id}')", {"id": project.application_id}, _APPLICATION),)
    return (_one("/applications(uniqueName='{name}')", {"name": project.application_name}, _APPLICATION),)


def _organization(_project: Project) -> tuple[Read, ...]:
    names = ("id", "displayName", "countryLetterCode", "onPremisesSyncEnabled", "verifiedDomains")
    return (Read(GraphCall("GET", f"/organization?$select={','.join(names)}"), names, "value"),)


def _skus(_project: Project) -> tuple[Read, ...]:
    return (Read(GraphCall("GET", "/subscribedSkus"), _SKU, "value"),)


def _principals(project: Project) -> tuple[Read, ...]:
    if not project.application_id:
        return ()  # its ID is known to the tenant alone, and a name is no key
    return (_one("/servicePrincipals(appId='{id}')", {"id": project.application_id}, _PRINCIPAL),)


_TABLES: dict[str, Callable[[Project], tuple[Read, ...]]] = {
    "accepted_domains": _cmdlet("Get-AcceptedDomain"),
    "applications": _application,
    "distribution_groups": _groups("DistributionGroup"),
    "endpoint_test": _endpoint_test,
    "mail_users": _cmdlet("Get-MailUser", ResultSize="Unlimited"),
    "mailboxes": _cmdlet("Get-Mailbox", ResultSize="Unlimited"),
    "migration_batches": _cmdlet("Get-MigrationBatch", ResultSize="Unlimited"),
    "migration_endpoints": _cmdlet("Get-MigrationEndpoint"),
    "migration_users": _cmdlet("Get-MigrationUser", ResultSize="Unlimited"),
    "move_requests": _cmdlet("Get-MoveRequest", ResultSize="Unlimited"),
    "organization": _organization,
    "organization_config": _cmdlet("Get-OrganizationConfig"),
    "organization_relationships": _cmdlet("Get-OrganizationRelationship"),
    "scope_members": _groups("DistributionGroupMember", **_ALL),
    "service_principals": _principals,
    "subscribed_skus": _skus,
}
"""How a script shows what is in a table of the inventory."""
