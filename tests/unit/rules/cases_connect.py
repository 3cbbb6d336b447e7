"""Connect, the application, consent, the endpoint and both relationships: worlds in which their rules do not pass."""

from __future__ import annotations

from datetime import date
from typing import Any

from core_facts import (
    APP_ID,
    APP_OBJECT_ID,
    EXCHANGE,
    OTHER_ID,
    PERMISSION,
    ROLE_ID,
    SECRET_1,
    SOURCE_ID,
    TARGET_ID,
    USER_READ,
    relationship,
)
from rule_case import Case
from user_facts import chosen


def _signed_in(side: str, other: str) -> list[Case]:
    return [
        Case("token of another tenant", ["fail"], {f"{side}__signed_in": {"TenantId": other}}),
        Case("Graph answers for another tenant", ["fail"], {f"{side}__organization": {"TenantId": other}}),
    ]


def _domain(side: str, other: str) -> list[Case]:
    return [
        Case("unknown domain", ["fail"], {f"{side}__domain_lookup": []}),
        Case("domain of another tenant", ["fail"], {f"{side}__domain_lookup": {"TenantId": other}}),
    ]


def _relationship_cmdlets(side: str) -> list[Case]:
    few = [
        {"Cmdlet": "New-OrganizationRelationship", "Parameters": ["Name"]},
        {"Cmdlet": "Set-OrganizationRelationship", "Parameters": ["Identity", "MailboxMoveCapability"]},
    ]
    return [
        Case("no cmdlets at all", ["fail", "fail"], {f"{side}__offered_cmdlets": []}),
        Case("parameter hidden by the role", ["fail", "pass"], {f"{side}__offered_cmdlets": few}),
    ]


def _link(side: str, other_domain: str) -> list[Case]:
    domain = "contoso.onmicrosoft.com" if side == "source" else "northwindtraders.onmicrosoft.com"
    start, fact = "https://login.microsoftonline.com", f"{side}__consent_link"
    tail = f"client_id={APP_ID}&redirect_uri=https://office.com"
    return [
        Case("no application", ["fail"], {"target__applications": [], fact: []}),
        Case("other tenant in the path", ["fail"], {fact: {"Url": f"{start}/{other_domain}/adminconsent?{tail}"}}),
        Case("common in the path", ["fail"], {fact: {"Url": f"{start}/common/adminconsent?{tail}"}}),
        Case(
            "object ID for the client ID",
            ["fail"],
            {fact: {"Url": f"{start}/{domain}/adminconsent?client_id={APP_OBJECT_ID}&redirect_uri=https://office.com"}},
        ),
        Case("trailing slash", ["fail"], {fact: {"Url": f"{start}/{domain}/adminconsent?{tail}/"}}),
        Case("redirect not registered", ["fail"], {"target__applications": {"RedirectUris": ["https://x.example"]}}),
        Case("not https", ["fail"], {fact: {"Url": f"http://login.microsoftonline.com/{domain}/adminconsent?{tail}"}}),
        Case("another host", ["fail"], {fact: {"Url": f"https://login.example.org/{domain}/adminconsent?{tail}"}}),
    ]


def application_signed_in(side: str, *permissions: str) -> dict[str, Any]:
    """An application is signed in, and its token names these permissions of Microsoft Graph."""
    return {f"{side}__signed_in": {"Kind": "application", "Permissions": list(permissions)}}


def _present(side: str) -> list[Case]:
    return [
        Case("a person is to consent", ["waiting"], {f"{side}__service_principals": []}),
        Case("xtmig is to consent", ["fail"], {f"{side}__service_principals": []}, {"consent": {side: "xtmig"}}),
        Case("nothing to consent to", ["fail"], {f"{side}__service_principals": [], f"{side}__consent_link": []}),
        Case("of another owner", ["fail"], {f"{side}__service_principals": {"OwnerTenantId": OTHER_ID}}),
    ]


def _granted(side: str) -> list[Case]:
    other_role = [{"Id": "g", "AppId": APP_ID, "ResourceId": f"{side}-exchange", "RoleId": OTHER_ID}]
    other_api = [{"Id": "g", "AppId": APP_ID, "ResourceId": "graph", "RoleId": ROLE_ID}]
    return [
        Case("a person is to consent", ["waiting"], {f"{side}__granted_roles": []}),
        Case("xtmig is to consent", ["fail"], {f"{side}__granted_roles": []}, {"consent": {side: "xtmig"}}),
        Case("another role", ["waiting"], {f"{side}__granted_roles": other_role}),
        Case("a role of another API", ["waiting"], {f"{side}__granted_roles": other_api}),
    ]


NO_APPLICATION = Case("not registered", ["fail"], {"target__applications": []})
NO_ENDPOINT = Case("no endpoint", ["fail"], {"target__migration_endpoints": []})
PROVIDED = {"secret": {"origin": "provided", "reference": "prompt"}}


def _endpoint(**wrong: Any) -> list[Case]:
    cases = [
        Case(f"{name} {value}", ["fail"], {"target__migration_endpoints": {name: value}})
        for name, values in wrong.items()
        for value in values
    ]
    return [NO_ENDPOINT, *cases]


NAMESAKE = {
    "Id": "o2",
    "AppId": OTHER_ID,
    "UniqueName": None,
    "DisplayName": "xtmig mailbox migration contoso-moves",
    "SignInAudience": "AzureADMyOrg",
    "RedirectUris": [],
    "Permissions": [],
    "OtherPermissions": [],
}

NOT_PASSING: dict[str, list[Case]] = {
    "users-listed": [
        Case("no file yet", ["fail"], {"source__chosen_users": [chosen(Line=0)]}),
        Case("nobody at all", ["fail"], {"source__chosen_users": []}),
    ],
    "source-domain-is-tenant": _domain("source", TARGET_ID),
    "target-domain-is-tenant": _domain("target", SOURCE_ID),
    "one-cloud": [
        Case("worldwide and GCC", ["fail"], {"target__domain_lookup": {"RegionSubScope": "GCC"}}),
        Case("worldwide and GCC High", ["fail"], {"source__domain_lookup": {"Cloud": "microsoftonline.us"}}),
        Case("unknown domain", ["skipped"], {"source__domain_lookup": []}),
    ],
    "source-signed-in-tenant": _signed_in("source", TARGET_ID),
    "target-signed-in-tenant": _signed_in("target", SOURCE_ID),
    "source-own-sign-in": [
        Case(
            "the migration application",
            ["fail"],
            {"source__signed_in": {"ApplicationId": APP_ID}},
            {"application_id": APP_ID},
        )
    ],
    "target-own-sign-in": [
        Case(
            "the migration application",
            ["fail"],
            {"target__signed_in": {"ApplicationId": APP_ID}},
            {"application_id": APP_ID},
        )
    ],
    "source-may-consent": [
        Case("no role, a person consents", ["skipped"], {"source__directory_roles": []}),
        Case("no role, xtmig consents", ["fail"], {"source__directory_roles": []}, {"consent": {"source": "xtmig"}}),
        Case("an application, a person consents", ["skipped"], application_signed_in("source")),
        Case(
            "an application without permissions",
            ["fail"],
            application_signed_in("source"),
            {"consent": {"source": "xtmig"}},
        ),
        Case(
            "an application that may only add applications",
            ["fail"],
            application_signed_in("source", "Application.ReadWrite.All"),
            {"consent": {"source": "xtmig"}},
        ),
    ],
    "target-may-consent": [
        Case("no role", ["fail"], {"target__directory_roles": []}),
        Case("another role", ["fail"], {"target__directory_roles": {"RoleTemplateId": OTHER_ID}}),
        Case(
            "a delegated permission without a role",
            ["fail"],
            {"target__directory_roles": [], "target__signed_in": {"Permissions": ["Application.ReadWrite.All"]}},
        ),
        Case("an application without permissions", ["fail"], application_signed_in("target")),
        Case("an application that may only read", ["fail"], application_signed_in("target", "Application.Read.All")),
        Case(
            "an application that may register, but not consent",
            ["fail"],
            application_signed_in("target", "Application.ReadWrite.All"),
            {"consent": {"target": "xtmig"}},
        ),
    ],
    "target-may-configure-endpoint": [
        Case("no cmdlets at all", ["fail", "fail", "fail"], {"target__offered_cmdlets": []}),
        Case(
            "only the test",
            ["fail", "fail", "pass"],
            {"target__offered_cmdlets": [{"Cmdlet": "Test-MigrationServerAvailability", "Parameters": []}]},
        ),
    ],
    "source-may-configure-relationship": _relationship_cmdlets("source"),
    "target-may-configure-relationship": _relationship_cmdlets("target"),
    "application-registered": [
        NO_APPLICATION,
        Case("only a namesake", ["fail"], {"target__applications": [NAMESAKE]}),
        Case("adopted, but absent", ["fail"], {"target__applications": []}, {"application_id": OTHER_ID}),
    ],
    "application-id-known": [
        NO_APPLICATION,
        Case("the object ID", ["fail"], {"target__applications": {"AppId": APP_OBJECT_ID}}),
    ],
    "application-multi-tenant": [
        NO_APPLICATION,
        Case("single tenant", ["fail"], {"target__applications": {"SignInAudience": "AzureADMyOrg"}}),
        Case(
            "with personal accounts",
            ["fail"],
            {"target__applications": {"SignInAudience": "AzureADandPersonalMicrosoftAccount"}},
        ),
    ],
    "application-redirect": [
        NO_APPLICATION,
        Case("none", ["fail"], {"target__applications": {"RedirectUris": []}}),
        Case("trailing slash", ["fail"], {"target__applications": {"RedirectUris": ["https://office.com/"]}}),
    ],
    "application-permission": [
        NO_APPLICATION,
        Case("none", ["fail"], {"target__applications": {"Permissions": []}}),
        Case("delegated", ["fail"], {"target__applications": {"Permissions": [PERMISSION.replace("Role", "Scope")]}}),
        Case(
            "role of another API",
            ["fail"],
            {"target__applications": {"Permissions": [PERMISSION.replace(EXCHANGE, OTHER_ID)]}},
        ),
        Case(
            "one too many",
            ["warn"],
            {"target__applications": {"Permissions": [PERMISSION, f"{EXCHANGE}/Role/{OTHER_ID}"]}},
        ),
        Case("Exchange does not offer it", ["fail"], {"target__exchange_resource": {"MailboxMigrationRoleId": None}}),
    ],
    "application-nothing-unneeded": [
        Case("User.Read", ["warn"], {"target__applications": {"OtherPermissions": [USER_READ]}}),
        Case(
            "something else", ["warn"], {"target__applications": {"OtherPermissions": [f"{OTHER_ID}/Role/{OTHER_ID}"]}}
        ),
        Case("not registered", ["skipped"], {"target__applications": []}),
    ],
    "target-consent-link": _link("target", "contoso.onmicrosoft.com"),
    "source-consent-link": _link("source", "northwindtraders.onmicrosoft.com"),
    "target-application-present": _present("target"),
    "source-application-present": _present("source"),
    "target-consent-granted": _granted("target"),
    "source-consent-granted": _granted("source"),
    "target-customized": [
        Case("dehydrated", ["fail"], {"target__organization_config": {"IsDehydrated": True}}),
    ],
    "endpoint-cross-tenant": _endpoint(EndpointType=["IMAP", None]),
    "endpoint-server": _endpoint(RemoteServer=["outlook.office365.us", "mail.contoso.com", None]),
    "endpoint-remote-tenant": _endpoint(
        RemoteTenant=["northwindtraders.onmicrosoft.com", "<contoso>.onmicrosoft.com", "contoso.com", None]
    ),
    "endpoint-application": [
        *_endpoint(ApplicationId=[APP_OBJECT_ID, None]),
        Case("application gone", ["fail"], {"target__applications": []}),
    ],
    "endpoint-no-key-vault": _endpoint(AppSecretKeyVaultUrl=["https://vault.example/secrets/x"]),
    "endpoint-tested": [
        Case("nothing to test", ["fail"], {"target__endpoint_test": []}),
        Case("refused", ["fail"], {"target__endpoint_test": {"Result": "Failed", "Message": "Access is denied."}}),
    ],
    "secret-valid": [
        Case("none", ["fail"], {"target__application_credentials": []}),
        Case("of somebody else", ["fail"], {"target__application_credentials": {"DisplayName": "by hand"}}),
        Case("ends next week", ["fail"], {"target__application_credentials": {"EndsAt": "2026-11-30T00:00:00Z"}}),
        Case("ends before the last completion", ["fail"], {}, {"last_completion": date(2027, 6, 30)}),
        Case(
            "ends 29 days after the last wave's window",
            ["fail"],
            {},
            {"move": {"waves": [{"name": "a", "cutover": "2027-04-22T00:00:00Z", "window_hours": 24}]}},
        ),
        Case("ends 29 days after the last completion", ["fail"], {}, {"last_completion": date(2027, 4, 23)}),
        Case(
            "ended, and so did the last completion",
            ["fail"],
            {"target__application_credentials": {"EndsAt": "2026-10-01T00:00:00Z"}},
            {"last_completion": date(2026, 8, 1)},
        ),
        Case("must be reset", ["fail"], {}, {"secret": {"generation": 2}}),
        Case(
            "provided, without a description",
            ["fail"],
            {"target__application_credentials": {"DisplayName": None}},
            PROVIDED,
        ),
    ],
    "secret-kept": [Case("provided", ["manual"], {}, PROVIDED)],
    "configuration-order": [
        Case("endpoint without the source's consent", ["fail"], {"source__granted_roles": []}),
        Case(
            "source's consent without the target's",
            ["fail"],
            {
                "target__granted_roles": [],
                "target__migration_endpoints": [],
                "source__organization_relationships": [],
            },
        ),
        Case("endpoint without an application", ["fail"], {"target__applications": []}),
        Case("source's relationship without an endpoint", ["fail"], {"target__migration_endpoints": []}),
    ],
    "target-relationship-found": [
        Case("none", ["fail"], {"target__organization_relationships": []}),
        Case(
            "two",
            ["fail"],
            {"target__organization_relationships": [relationship(), relationship(Identity="second")]},
        ),
        Case(
            "the name is taken",
            ["fail"],
            {"target__organization_relationships": [relationship(DomainNames=[OTHER_ID])]},
        ),
    ],
    "target-relationship-by-id": [
        Case(
            "domain only",
            ["warn"],
            {"target__organization_relationships": [relationship(DomainNames=["contoso.onmicrosoft.com"])]},
        ),
        Case("none", ["skipped"], {"target__organization_relationships": []}),
    ],
    "target-relationship-enabled": [
        Case("off", ["fail"], {"target__organization_relationships": {"Enabled": False}}),
        Case("none", ["skipped"], {"target__organization_relationships": []}),
    ],
    "target-relationship-moves": [
        Case("off", ["fail"], {"target__organization_relationships": {"MailboxMoveEnabled": False}}),
    ],
    "target-relationship-inbound": [
        Case("empty", ["fail"], {"target__organization_relationships": {"MailboxMoveCapability": []}}),
        Case(
            "the other way",
            ["fail"],
            {"target__organization_relationships": {"MailboxMoveCapability": ["RemoteOutbound"]}},
        ),
    ],
}

PASSING: dict[str, list[Case]] = {
    "one-cloud": [
        Case(
            "both in GCC",
            ["pass"],
            {"source__domain_lookup": {"RegionSubScope": "GCC"}, "target__domain_lookup": {"RegionSubScope": "GCC"}},
        ),
        Case("two regions of one cloud", ["pass"], {"source__domain_lookup": {"RegionScope": "EU"}}),
    ],
    "source-consent-link": [
        Case(
            "a sign-in host of the project's own",
            ["pass"],
            {
                "source__consent_link": {
                    "Url": "https://login.contoso.example/contoso.onmicrosoft.com/adminconsent"
                    f"?client_id={APP_ID}&redirect_uri=https://office.com"
                }
            },
            {
                "source": {
                    "tenant_id": SOURCE_ID,
                    "domain": "contoso.onmicrosoft.com",
                    "hosts": {"login": "https://login.contoso.example"},
                }
            },
        ),
    ],
    "source-own-sign-in": [Case("another application", ["pass"], {}, {"application_id": APP_ID})],
    "application-registered": [
        Case("adopted", ["pass"], {}, {"application_id": APP_ID}),
    ],
    "endpoint-server": [
        Case(
            "the other address of the cloud",
            ["pass"],
            {"target__migration_endpoints": {"RemoteServer": "Outlook.Office365.com"}},
        ),
        Case(
            "GCC High",
            ["pass"],
            {"target__migration_endpoints": {"RemoteServer": "outlook.office365.us"}},
            {
                "source": {"tenant_id": SOURCE_ID, "domain": "contoso.onmicrosoft.us", "cloud": "gcc-high"},
                "target": {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.us", "cloud": "gcc-high"},
            },
        ),
    ],
    "endpoint-remote-tenant": [
        Case("capitals", ["pass"], {"target__migration_endpoints": {"RemoteTenant": "Contoso.onmicrosoft.com"}}),
    ],
    "configuration-order": [
        Case(
            "only the application",
            ["pass"],
            {
                "target__granted_roles": [],
                "source__granted_roles": [],
                "target__migration_endpoints": [],
                "source__organization_relationships": [],
            },
        ),
        Case(
            "nothing yet",
            ["pass"],
            {
                "target__applications": [],
                "target__granted_roles": [],
                "source__granted_roles": [],
                "target__migration_endpoints": [],
                "source__organization_relationships": [],
            },
        ),
    ],
    "secret-valid": [
        Case(
            "the newest of two",
            ["pass"],
            {
                "target__application_credentials": [
                    SECRET_1 | {"EndsAt": "2026-12-01T00:00:00Z"},
                    SECRET_1 | {"DisplayName": "xtmig contoso-moves 2", "KeyId": "k2"},
                ],
            },
        ),
        Case(
            "30 days after the last wave's window",
            ["pass"],
            {},
            {"move": {"waves": [{"name": "a", "cutover": "2027-04-21T00:00:00Z"}, {"name": "b"}]}},
        ),
        Case("30 days after the last completion", ["pass"], {}, {"last_completion": date(2027, 4, 22)}),
        Case(
            "provided by somebody", ["pass"], {"target__application_credentials": {"DisplayName": "by hand"}}, PROVIDED
        ),
    ],
    "target-relationship-found": [
        Case(
            "beside one for Free/Busy",
            ["pass"],
            {
                "target__organization_relationships": [
                    relationship(),
                    relationship(Identity="Free/Busy", DomainNames=["contoso.com"], MailboxMoveEnabled=False),
                ],
            },
        ),
        Case(
            "capitals in the tenant ID",
            ["pass"],
            {"target__organization_relationships": {"DomainNames": [SOURCE_ID.upper()]}},
        ),
    ],
    "target-relationship-by-id": [
        Case(
            "ID and domain together",
            ["pass"],
            {
                "target__organization_relationships": {"DomainNames": ["contoso.onmicrosoft.com", SOURCE_ID]},
            },
        ),
        Case(
            "Free/Busy relationships are let be",
            ["pass"],
            {
                "target__organization_relationships": [
                    relationship(),
                    relationship(Identity="fb", DomainNames=["contoso.onmicrosoft.com"], MailboxMoveEnabled=False),
                ],
            },
        ),
    ],
    "target-relationship-inbound": [
        Case(
            "both directions",
            ["pass"],
            {
                "target__organization_relationships": {"MailboxMoveCapability": ["Inbound", "RemoteOutbound"]},
            },
        ),
    ],
}
