"""Organization relationships (cmdlet reference [SRC]; shapes 3.8; failures 2.1 #1, #2)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from xtmig_kernel.simulator.world import Relationship, Tenant

from . import defaults
from .binding import Bound, Delta
from .context import Context, Result
from .errors import ALREADY_EXISTS, DUPLICATE_DOMAIN, ExchangeRefused, bad_value, not_found
from .lookup import find_group

MULTIVALUED = ("DomainNames", "MailboxMovePublishedScopes")
GROUP_SCOPES = ("FreeBusyAccessScope", "MailTipsAccessScope")
LEVELS = {
    "FreeBusyAccessLevel": ("None", "AvailabilityOnly", "LimitedDetails"),
    "MailTipsAccessLevel": ("None", "Limited", "All"),
}


def row(relationship: Relationship) -> dict[str, Any]:
    """A relationship as Get-OrganizationRelationship shows it."""
    return {
        "Name": relationship.name,
        "Identity": relationship.name,
        "Guid": UUID(relationship.guid),
        **relationship.properties,
        "IsValid": True,
    }


def _named(tenant: Tenant, identity: str) -> Relationship | None:
    wanted = identity.lower()
    return next((r for r in tenant.relationships.values() if wanted in {r.name.lower(), r.guid}), None)


def _existing(context: Context, identity: str | None) -> Relationship:
    found = _named(context.tenant, identity) if identity else None
    if found is None:
        raise not_found(identity)
    return found


def get(context: Context, bound: Bound) -> Result:
    """Get-OrganizationRelationship: one, or all when Identity is missing or null (cmdlet reference [SRC])."""
    readable = [r for r in context.tenant.relationships.values() if r.readable_from <= context.now]
    wanted = bound.get("Identity")
    if wanted:
        readable = [r for r in readable if r is _named(context.tenant, wanted)]
        if not readable:
            raise not_found(wanted)
    return Result([row(r) for r in readable])


def new(context: Context, bound: Bound) -> Result:
    """New-OrganizationRelationship: names and domains are unique; a dehydrated organisation refuses it."""
    context.require_customization()
    name = str(bound.get("Name"))
    if _named(context.tenant, name):
        raise ExchangeRefused(ALREADY_EXISTS, f"The object '{name}' already exists.")
    relationship = Relationship(
        name=name,
        guid=context.guid("relationship", name),
        properties=dict(defaults.RELATIONSHIP),
        readable_from=context.tenant.later(context.now, "configuration_readable"),
    )
    relationship.properties.update(_changes(context, relationship, bound))
    context.tenant.relationships[relationship.guid] = relationship
    return Result([row(relationship)])


def set_(context: Context, bound: Bound) -> Result:
    """Set-OrganizationRelationship: what is given replaces what was there; Add and Remove change a list (wire 1.4)."""
    relationship = _existing(context, bound.get("Identity"))
    changes = _changes(context, relationship, bound)
    name = bound.get("Name", relationship.name)
    clash = _named(context.tenant, name)
    if clash is not None and clash is not relationship:
        raise ExchangeRefused(ALREADY_EXISTS, f"The object '{name}' already exists.")
    if name == relationship.name and all(relationship.properties[k] == v for k, v in changes.items()):
        text = f"The command completed successfully but no settings of '{relationship.name}' have been modified."
        return Result(warnings=[text])
    relationship.name = name
    relationship.properties.update(changes)
    return Result()


def remove(context: Context, bound: Bound) -> Result:
    """Remove-OrganizationRelationship."""
    relationship = _existing(context, bound.get("Identity"))
    del context.tenant.relationships[relationship.guid]
    return Result()


def capability(value: list[str]) -> str:
    """Flags from one text or several, in any case.

    Raises:
        ExchangeRefused: One of them does not exist.
    """
    known = {name.lower(): name for name in (*defaults.CAPABILITIES, "None")}
    names = [word.strip() for text in value for word in text.split(",")]
    for name in names:
        if name.lower() not in known:
            raise bad_value(
                "MailboxMoveCapability", f"Unable to match the identifier name {name} to a valid enumerator name."
            )
    return defaults.capability_text({known[name.lower()] for name in names})


def _changes(context: Context, relationship: Relationship, bound: Bound) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in bound.values.items():
        if name in {"Identity", "Name", "Force"}:
            continue
        if name == "MailboxMoveCapability":
            changes[name] = capability(value)
        elif name in MULTIVALUED:
            changes[name] = _several(context, name, relationship.properties[name], value)
        elif name in LEVELS:
            known = {level.lower(): level for level in LEVELS[name]}
            if str(value).lower() not in known:
                raise bad_value(name, f"Unable to match the identifier name {value} to a valid enumerator name.")
            changes[name] = known[str(value).lower()]
        elif name in GROUP_SCOPES and value:
            changes[name] = find_group(context, value).name
        else:
            changes[name] = value
    _check_domains(context, relationship, changes.get("DomainNames", []))
    return changes


def _several(context: Context, name: str, present: list[str], value: Any) -> list[str]:
    if value is None or (isinstance(value, Delta) and not value.add and not value.remove):
        return []
    resolve = (lambda text: find_group(context, text).name) if name == "MailboxMovePublishedScopes" else str
    if not isinstance(value, Delta):
        return list(dict.fromkeys(resolve(item) for item in value))
    gone = {item.lower() for item in value.remove}
    kept = [item for item in present if item.lower() not in gone]
    added = [resolve(item) for item in value.add]
    return kept + [item for item in dict.fromkeys(added) if item.lower() not in {k.lower() for k in kept}]


def _check_domains(context: Context, relationship: Relationship, domains: list[str]) -> None:
    wanted = {domain.lower() for domain in domains}
    for other in context.tenant.relationships.values():
        if other.guid == relationship.guid:
            continue
        taken = wanted & {domain.lower() for domain in other.properties["DomainNames"]}
        if taken:
            text = f"The domain '{min(taken)}' is already used in another organization relationship."
            raise ExchangeRefused(DUPLICATE_DOMAIN, text)


def towards(tenant: Tenant, partner: Tenant, capability_name: str) -> Relationship | None:
    """The relationship that lets mailboxes move between a tenant and its partner in one direction, if there is one.

    Args:
        tenant: Whose relationship.
        partner: It must name this tenant's GUID; a domain does not count (failures 2.1 #1).
        capability_name: `Inbound` or `RemoteOutbound`.
    """
    for relationship in tenant.relationships.values():
        properties = relationship.properties
        names = {name.lower() for name in properties["DomainNames"]}
        flags = {flag.strip() for flag in str(properties["MailboxMoveCapability"]).split(",")}
        open_ = properties["Enabled"] and properties["MailboxMoveEnabled"]
        if open_ and partner.tenant_id in names and capability_name in flags:
            return relationship
    return None
