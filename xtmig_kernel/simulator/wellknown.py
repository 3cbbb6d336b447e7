"""Ids that are the same in every tenant.

Graded as in docs/reference/wire-facts.md: application and Exchange role ids wire 2 [SRC]; Graph permission ids
wire 4.18 [SRC]; the others, and the directory role templates without a source there, are general knowledge [MEM].
"""

from __future__ import annotations

from typing import NamedTuple

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
EXCHANGE_PUBLIC_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
GRAPH_PUBLIC_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
COMPLIANCE = "compliance"
"""Stands for Security & Compliance where an interface is named by its application id, which nobody wrote down."""

MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

MAILBOX_MIGRATION = "Mailbox.Migration"
MANAGE_AS_APP = "Exchange.ManageAsApp"


class Resource(NamedTuple):
    """An interface that tokens can be asked for.

    Attributes:
        name: Display name of its service principal.
        app_roles: Application permissions, value to id.
        scopes: Delegated permissions, value to id.
    """

    name: str
    app_roles: dict[str, str]
    scopes: dict[str, str]


RESOURCES: dict[str, Resource] = {
    EXCHANGE_APP: Resource(
        "Office 365 Exchange Online",
        {
            "Exchange.ManageAsApp": "dc50a0fb-09a3-484d-be87-e023b12c6440",
            "Mailbox.Migration": "f7264778-fba9-422d-8e9e-2675a2c4b513",
            "Exchange.ManageAsAppV2": "ea3d980d-ebc7-4be4-8298-a167e5b8797c",
            "full_access_as_app": "dc890d15-9560-4a4c-9b7f-a736ec74ec40",
        },
        {"Exchange.Manage": "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c"},
    ),
    GRAPH_APP: Resource(
        "Microsoft Graph",
        {
            "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
            "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
            "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
            "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
            "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
            "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
            "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
            "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
            "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
            "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
            "LicenseAssignment.ReadWrite.All": "5facf0c1-8979-4e95-abcf-ff3d079771c0",
            "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
            "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
        },
        {
            "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
            "Application.Read.All": "c79f8feb-a9db-4090-85f9-90d820caa0eb",
            "Application.ReadWrite.All": "bdfbf15f-ee85-4955-8675-146e8e5296b5",
            "AppRoleAssignment.ReadWrite.All": "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
            "User.ReadWrite.All": "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4",
            "User.Read.All": "a154be20-db9c-4678-8ab7-66f6cc099a59",
            "Organization.Read.All": "4908d5b9-3fb2-4b1e-9336-1888b7937185",
            "GroupMember.Read.All": "bc024368-1153-4739-b217-4326f2e966d0",
            "Group.Read.All": "5f8c59db-677d-491f-a6b8-5f174b11ec1d",
            "Directory.Read.All": "06da0dbc-49e2-44d2-8312-53f166ab848a",
            "Domain.Read.All": "2f9ee017-59c1-4f1d-9472-bd5529a7b311",
            "LicenseAssignment.ReadWrite.All": "f55016cc-149c-447e-8f21-7cf3ec1d6350",
            "Policy.Read.All": "572fea84-0151-49b2-9301-11cb16974376",
            "RoleManagement.Read.Directory": "741c54c3-0c1e-44a1-818b-3f97ab4e8c83",
        },
    ),
}

DIRECTORY_ROLES: dict[str, str] = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "License Administrator": "4d6ac14f-3453-41d0-bef9-a3e0c569773a",
    "Compliance Administrator": "17315797-102d-40b4-93e0-432062caca18",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
}
ROLE_NAMES = {template: name for name, template in DIRECTORY_ROLES.items()}
DEFAULT_USER_ROLE = "b79fbf4d-3ef9-4689-8143-76b194e85509"

# Who may consent for a whole organisation to an application permission of a Microsoft interface (wire 4.4 [MEM]).
CONSENTING_ROLES = frozenset({"Global Administrator", "Privileged Role Administrator"})
# Who may register and change applications as a person.
APPLICATION_ROLES = frozenset({"Global Administrator", "Application Administrator", "Cloud Application Administrator"})
# Who may assign licences, and who may set a usage location, as a person (Entra's list of roles [MEM]).
LICENSING_ROLES = frozenset({"Global Administrator", "User Administrator", "License Administrator"})
USER_ROLES = LICENSING_ROLES

# Permissions that let a caller read users (Graph documentation [SRC]).
USER_READING = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
