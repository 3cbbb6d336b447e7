"""What Exchange keeps of an organization relationship and of a migration endpoint (shapes 3.8, 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import MigrationEndpoint, OrganizationRelationship

RELATIONSHIP: dict[str, Any] = {
    "DomainNames": [],
    "FreeBusyAccessEnabled": False,
    "FreeBusyAccessLevel": "None",
    "FreeBusyAccessScope": None,
    "MailboxMoveEnabled": False,
    "MailboxMoveCapability": "None",
    "MailboxMovePublishedScopes": [],
    "OAuthApplicationId": None,
    "DeliveryReportEnabled": False,
    "MailTipsAccessEnabled": False,
    "MailTipsAccessLevel": "None",
    "MailTipsAccessScope": None,
    "PhotosEnabled": False,
    "ArchiveAccessEnabled": False,
    "TargetApplicationUri": None,
    "TargetSharingEpr": None,
    "TargetOwaURL": None,
    "TargetAutodiscoverEpr": None,
    "OrganizationContact": None,
    "Enabled": True,
}
ENDPOINT: dict[str, Any] = {
    "EndpointType": "ExchangeRemoteMove",
    "RemoteServer": None,
    "RemoteTenant": None,
    "ApplicationId": None,
    "AppSecretKeyVaultUrl": None,
    "AcceptUntrustedCertificates": False,
    "Authentication": None,
    "ExchangeServer": None,
    "MailboxPermission": "Admin",
    "MaxConcurrentMigrations": "100",
    "MaxConcurrentIncrementalSyncs": "20",
    "NspiServer": None,
    "Port": None,
    "RpcProxyServer": None,
    "Security": None,
    "SourceMailboxLegacyDN": None,
    "UseAutoDiscover": False,
}
CAPABILITIES = ("Inbound", "Outbound", "RemoteInbound", "RemoteOutbound")


def capability_text(names: set[str]) -> str:
    """Flags as Exchange prints them: `Inbound, RemoteOutbound` (shapes 3.8 [INF])."""
    return ", ".join(name for name in CAPABILITIES if name in names) or "None"


def relationship_properties(file: OrganizationRelationship) -> dict[str, Any]:
    """A relationship of the tenants file as Exchange keeps it."""
    return RELATIONSHIP | {
        "DomainNames": list(file.domain_names),
        "Enabled": file.enabled,
        "FreeBusyAccessEnabled": file.free_busy_access_enabled,
        "FreeBusyAccessLevel": file.free_busy_access_level,
        "MailboxMoveEnabled": file.mailbox_move_enabled,
        "MailboxMoveCapability": capability_text(set(file.mailbox_move_capability)),
        "MailboxMovePublishedScopes": list(file.mailbox_move_published_scopes),
        "OAuthApplicationId": file.oauth_application_id,
        "MailTipsAccessEnabled": file.mail_tips_access_enabled,
        "MailTipsAccessLevel": file.mail_tips_access_level,
        "TargetApplicationUri": file.target_application_uri,
        "TargetAutodiscoverEpr": file.target_autodiscover_epr,
        "OrganizationContact": file.organization_contact,
    }


def endpoint_properties(file: MigrationEndpoint) -> dict[str, Any]:
    """An endpoint of the tenants file as Exchange keeps it."""
    return ENDPOINT | {
        "EndpointType": file.type,
        "RemoteServer": file.remote_server,
        "RemoteTenant": file.remote_tenant,
        "ApplicationId": file.application_id,
        "AppSecretKeyVaultUrl": file.app_secret_key_vault_url,
    }
