"""The document's own pair of users, as both tenants show it when sections 010 to 110 are done.

Lara Newton is the worked example of the article (USR-17, USR-19; its typos mended): a mailbox in contoso, a MailUser in
northwindtraders. Values stand in the article's tables; where it gives none, the wire facts give the shape.
"""

from __future__ import annotations

from typing import Any

LARA_ID = "77777777-1111-4111-8111-777777777777"
LARA_TARGET_ID = "77777777-2222-4222-8222-777777777777"
LARA_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
ROOT = "/o=First Organization/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
LARA_DN = f"{ROOT}d11ec1a2cacd4f81858c81907273f1f9-Lara"
LARA_TARGET_DN = f"{ROOT}74e5385fce4b46d19006876949855035-Lara"
LARA_X500 = (
    "x500:/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients"
    "/cn=f161af74128f460fba5c0c23984b3d6c-Lara"
)
SCOPE = "xtmig-contoso-moves-scope"
ADD_ON_SKU = "946ce899-873d-44bb-9d8b-671870cbfdbf"
EXCHANGE_SKU = "88888888-0000-4000-8000-888888888888"


def lara_mailbox(**changes: Any) -> dict[str, Any]:
    """The article's source mailbox, as a row of `mailboxes`."""
    return {
        "ObjectId": LARA_ID,
        "Name": "LaraN",
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "RecipientTypeDetails": "UserMailbox",
        "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
        "PrimarySmtpAddress": "Lara.Newton@contoso.com",
        "SmtpAddresses": ["LaraN@contoso.onmicrosoft.com", "Lara.Newton@contoso.com"],
        "X500Addresses": [LARA_X500],
        "OtherAddresses": [],
        "ExchangeGuid": LARA_GUID,
        "ArchiveGuid": None,
        "DisabledArchiveGuid": None,
        "LegacyExchangeDN": LARA_DN,
        "DirectorySynchronised": False,
        "PersistedCapabilities": ["BPOS_S_Enterprise"],
        "CustomAttributes": ["CustomAttribute1=Cross-Tenant-Project"],
        "UsageLocation": "IE",
    } | changes


def lara_mail_user(**changes: Any) -> dict[str, Any]:
    """The article's target MailUser, with the delivery proxy and the add-on licence, as a row of `mail_users`."""
    return {
        "ObjectId": LARA_TARGET_ID,
        "Name": "LaraN",
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "RecipientTypeDetails": "MailUser",
        "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
        "PrimarySmtpAddress": "Lara.Newton@northwindtraders.com",
        "ExternalEmailAddress": "LaraN@contoso.onmicrosoft.com",
        "SmtpAddresses": ["LaraN@northwindtraders.onmicrosoft.com", "Lara.Newton@northwindtraders.com"],
        "X500Addresses": [LARA_X500, f"x500:{LARA_DN}"],
        "OtherAddresses": [],
        "ExchangeGuid": LARA_GUID,
        "ArchiveGuid": None,
        "LegacyExchangeDN": LARA_TARGET_DN,
        "DirectorySynchronised": False,
        "PersistedCapabilities": ["ExchangeT2TMbxMove"],
        "CustomAttributes": ["CustomAttribute1=Cross-Tenant-Project"],
        "RecoverableItemsQuotaBytes": 32_212_254_720,
    } | changes


def chosen(**changes: Any) -> dict[str, Any]:
    """A row of `chosen_users`, from line 2 of `users.csv`."""
    return {
        "SourceAddress": "Lara.Newton@contoso.com",
        "TargetAddress": "Lara.Newton@northwindtraders.com",
        "TargetSignIn": "LaraN@northwindtraders.onmicrosoft.com",
        "TargetAlias": "LaraN",
        "TargetObject": "",
        "PreviousMailbox": "",
        "PreviousMailboxExport": "",
        "PreviousMailboxAgreedBy": "",
        "Wave": "",
        "Remark": "",
        "Line": 2,
    } | changes


def directory_user(side: str, **changes: Any) -> dict[str, Any]:
    """Lara as a row of `directory_users`."""
    domain, object_id = ("contoso", LARA_ID) if side == "source" else ("northwindtraders", LARA_TARGET_ID)
    return {
        "Id": object_id,
        "UserPrincipalName": f"LaraN@{domain}.onmicrosoft.com",
        "DisplayName": "Lara Newton",
        "Mail": f"Lara.Newton@{domain}.com",
        "UserType": "Member",
        "UsageLocation": "IE",
        "DirectorySynchronised": False,
        "SkuIds": [EXCHANGE_SKU] if side == "source" else [ADD_ON_SKU],
        "GroupSkuIds": [],
        "DisabledPlans": [],
    } | changes


def sku(name: str = "Cross_tenant_user_data_migration", **changes: Any) -> dict[str, Any]:
    """A row of `subscribed_skus`: the add-on of the facts (wire 4.16), or a plan with an Exchange mailbox."""
    add_on = name == "Cross_tenant_user_data_migration"
    plans = ["EXCHANGEONLINE_T2TMBXMOVE", "SHAREPOINTONLINE_T2TODMOVE"] if add_on else ["EXCHANGE_S_ENTERPRISE"]
    return {
        "SkuId": ADD_ON_SKU if add_on else EXCHANGE_SKU,
        "SkuPartNumber": name,
        "CapabilityStatus": "Enabled",
        "Enabled": 30,
        "Warning": 0,
        "Consumed": 1,
        "ServicePlans": plans,
    } | changes


def recipient(row: dict[str, Any]) -> dict[str, Any]:
    """A mailbox or MailUser as a row of `recipients`."""
    columns = (
        "ObjectId", "Name", "Alias", "DisplayName", "RecipientTypeDetails", "PrimarySmtpAddress", "SmtpAddresses",
        "X500Addresses", "OtherAddresses", "ExchangeGuid",
    )  # fmt: skip
    return {column: row[column] for column in columns}


def deleted_mailbox(**changes: Any) -> dict[str, Any]:
    """A row of `soft_deleted_mailboxes`: a mailbox of the target that bore Lara's names and GUID."""
    return {
        "ObjectId": "77777777-6666-4666-8666-777777777777",
        "ExchangeGuid": LARA_GUID,
        "DisplayName": "Lara Newton (left)",
        "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
        "PrimarySmtpAddress": "Lara.Newton@northwindtraders.com",
        "SoftDeletedAt": "2026-11-10T08:00:00Z",
        "Items": 120,
        "Bytes": 4096,
    } | changes


def exchange_user(row: dict[str, Any]) -> dict[str, Any]:
    """A mailbox or MailUser as a row of `exchange_users`."""
    columns = ("ObjectId", "UserPrincipalName", "DisplayName", "RecipientTypeDetails")
    return {column: row[column] for column in columns} | {
        "FirstName": "Lara",
        "LastName": "Newton",
        "PreviousRecipientTypeDetails": None,
    }


def _accepted(name: str) -> list[dict[str, Any]]:
    initial, own = f"{name}.onmicrosoft.com", f"{name}.com"
    return [
        {"DomainName": initial, "DomainType": "Authoritative", "Default": False, "InitialDomain": True},
        {"DomainName": own, "DomainType": "Authoritative", "Default": True, "InitialDomain": False},
    ]


def user_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of sections 020 and 080 to 110, rows by fact, when all of them are done."""
    mailbox, mail_user = lara_mailbox(), lara_mail_user()
    return {
        "source.chosen_users": [chosen()],
        "source.proposed_users": [],
        "source.mailboxes": [mailbox],
        "source.mail_users": [],
        "source.recipients": [recipient(mailbox)],
        "source.exchange_users": [exchange_user(mailbox)],
        "source.accepted_domains": _accepted("contoso"),
        "source.subscribed_skus": [sku("SPE_E3", Enabled=40)],
        "source.directory_users": [directory_user("source")],
        "source.licensing_groups": [],
        "source.distribution_groups": [
            {
                "ObjectId": "77777777-3333-4333-8333-777777777777",
                "Name": SCOPE,
                "Alias": SCOPE,
                "PrimarySmtpAddress": f"{SCOPE}@contoso.onmicrosoft.com",
                "RecipientTypeDetails": "MailUniversalSecurityGroup",
                "ManagedBy": [],
                "DirectorySynchronised": False,
            }
        ],
        "source.scope_members": [
            {
                "Group": SCOPE,
                "ObjectId": LARA_ID,
                "Name": "LaraN",
                "PrimarySmtpAddress": "Lara.Newton@contoso.com",
                "RecipientTypeDetails": "UserMailbox",
                "Membership": "direct",
                "Via": "",
            }
        ],
        "target.mailboxes": [],
        "target.mail_users": [mail_user],
        "target.recipients": [recipient(mail_user)],
        "target.exchange_users": [exchange_user(mail_user)],
        "target.accepted_domains": _accepted("northwindtraders"),
        "target.subscribed_skus": [sku(), sku("SPE_E3", Enabled=60, Consumed=3)],
        "target.directory_users": [directory_user("target")],
        "target.licensing_groups": [],
        "target.soft_deleted_mailboxes": [],
        "target.migration_users": [],
        "target.migration_tests": [
            {
                "Endpoint": "xtmig-contoso-moves",
                "TestMailbox": "Lara.Newton@northwindtraders.com",
                "Result": "Success",
                "Message": "",
                "ErrorDetail": "",
            }
        ],
    }
