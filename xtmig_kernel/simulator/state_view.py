"""The lasting state of both tenants as plain data: the same state gives the same text, whenever it is asked for.

No tokens, no calendar times of our own, no secrets: a secret is the fingerprint of the record's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import content
from .address_book import book
from .clock import iso
from .migration.batches import status_of
from .people import addresses, exchange_guid, legacy_dn, living, object_id
from .recipients_file import Mailbox, MailUser

if TYPE_CHECKING:
    from datetime import datetime

    from .people import Entry
    from .recipients_file import Group
    from .world import Application, Endpoint, Relationship, ServicePrincipal, Tenant, World


def state_view(world: World, now: datetime) -> dict[str, Any]:
    """Both tenants, source first."""
    return {side: _tenant(world, world.tenants[side], now) for side in ("source", "target")}


def _tenant(world: World, tenant: Tenant, now: datetime) -> dict[str, Any]:
    principals = {p.object_id: p for p in tenant.service_principals.values()}
    return {
        "tenant_id": tenant.tenant_id,
        "display_name": tenant.file.display_name,
        "cloud": tenant.file.cloud,
        "domains": [domain.model_dump() for domain in tenant.file.domains],
        "dehydrated": tenant.dehydrated(now),
        "customization_enabled": tenant.hydrated_from is not None,
        "administrators": [
            {"upn": a.upn, "display_name": a.display_name, "directory_roles": a.directory_roles}
            for a in tenant.file.administrators
        ],
        "applications": _sorted(_application(a) for a in tenant.applications.values()),
        "service_principals": _sorted(_principal(p) for p in principals.values()),
        "app_role_assignments": _sorted(
            {
                "principal": principals[a.principal_id].app_id,
                "resource": principals[a.resource_id].app_id,
                "role": a.role_id,
            }
            for a in tenant.assignments.values()
        ),
        "delegated_grants": tenant.delegated_grants,
        "organization_relationships": _sorted(_relationship(r) for r in tenant.relationships.values()),
        "migration_endpoints": _sorted(_endpoint(e) for e in tenant.endpoints.values()),
        "groups": _sorted(_group(world, tenant, group) for group in tenant.groups),
        "mailboxes": _sorted(_entry(world, tenant, mailbox) for mailbox in tenant.mailboxes),
        "mail_users": _sorted(_entry(world, tenant, user) for user in tenant.mail_users),
        "users": _sorted(_entry(world, tenant, user) for user in tenant.users),
        "contacts": _sorted(_entry(world, tenant, contact) for contact in tenant.contacts),
        "licence_assignments": _licences(tenant),
        "migration_batches": _batches(tenant, now),
    }


def _entry(world: World, tenant: Tenant, entry: Entry) -> dict[str, Any]:
    """What the file's model of an object says, its ids and sorted addresses; deleted or not, but not when."""
    row = entry.model_dump(mode="json", exclude={"created", "soft_deleted", "move_history"})
    row["object_id"] = object_id(world, tenant, entry)
    row["email_addresses"] = sorted(addresses(entry), key=str.lower)
    if isinstance(entry, Mailbox | MailUser):
        row["exchange_guid"] = exchange_guid(world, tenant, entry)
        row["legacy_dn"] = legacy_dn(world, tenant, entry)
        row["custom_attributes"] = {n: text for n, text in row["custom_attributes"].items() if text}
        row["soft_deleted"] = not living(entry)
    if isinstance(entry, Mailbox):
        row["item_counts"] = _counts(entry)
        row["moves"] = [{"batch": m.batch, "status": m.status, "items": m.items} for m in entry.move_history]
    return row


def _counts(mailbox: Mailbox) -> dict[str, int]:
    """Items by folder, without empty folders; those of the archive after its name."""
    found = {place.path: place.items for place in content.folders(mailbox) if place.items}
    return found | {f"archive:{p.path}": p.items for p in content.archive_folders(mailbox) if p.items}


def _batches(tenant: Tenant, now: datetime) -> list[dict[str, Any]]:
    """Batches with their users; `cause` is our word for why somebody does not go on, which no cmdlet tells."""
    batches = tenant.migration.batches.values() if tenant.migration else []
    return [
        {
            "name": batch.name,
            "status": status_of(batch, now),
            "endpoint": batch.endpoint,
            "target_delivery_domain": batch.target_delivery_domain,
            "completion_asked": batch.complete_after is not None,
            "users": _sorted(
                {
                    "identity": mover.identity,
                    "status": mover.status,
                    "mailbox_guid": mover.mailbox_guid,
                    "cause": mover.failure.cause if mover.failure else None,
                    "error": mover.failure.short_kind if mover.failure else None,
                    "skipped": mover.progress.skipped_number,
                    "score": mover.progress.score if mover.progress.seeded else None,
                    "approved": mover.approved,
                }
                for mover in batch.movers.values()
            ),
        }
        for batch in sorted(batches, key=lambda batch: batch.name)
    ]


def _group(world: World, tenant: Tenant, group: Group) -> dict[str, Any]:
    return _entry(world, tenant, group) | {"members": sorted(book(world, tenant).members(group))}


def _licences(tenant: Tenant) -> list[dict[str, Any]]:
    by_user = tenant.licences.by_user if tenant.licences else {}
    return _sorted(
        {
            "user": user,
            "part_number": assignment.part_number,
            "group": assignment.group_id,
            "disabled_plans": sorted(assignment.disabled_plans),
            "error": assignment.error,
        }
        for user, assignments in by_user.items()
        for assignment in assignments
    )


def _sorted(rows: Any) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(sorted(row.items(), key=lambda item: item[0])))


def _application(application: Application) -> dict[str, Any]:
    return {
        "object_id": application.object_id,
        "app_id": application.app_id,
        "display_name": application.display_name,
        "unique_name": application.unique_name,
        "sign_in_audience": application.sign_in_audience,
        "properties": application.properties,
        "passwords": [
            {
                "key_id": p.key_id,
                "display_name": p.display_name,
                "end": iso(p.end),
                "secret": p.fingerprint,
            }
            for p in application.passwords
        ],
        "certificates": len(application.certificates),
    }


def _principal(principal: ServicePrincipal) -> dict[str, Any]:
    return {
        "object_id": principal.object_id,
        "app_id": principal.app_id,
        "display_name": principal.display_name,
        "owner_tenant": principal.owner_tenant,
        "directory_roles": principal.directory_roles,
    }


def _relationship(relationship: Relationship) -> dict[str, Any]:
    return {"name": relationship.name, "guid": relationship.guid, **relationship.properties}


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "guid": endpoint.guid,
        "user_name": endpoint.user_name,
        "secret": endpoint.fingerprint,
        **endpoint.properties,
    }
