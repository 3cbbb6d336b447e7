"""Where each part of Microsoft's document stands on its page, for links: part by our short name, heading as anchor."""

from __future__ import annotations

from xtmig_kernel.statements import DOCUMENT_URL, Statement

ANCHORS = {
    "Front matter": "",
    "Introduction": "",
    "Licensing": "licensing",
    "Prerequisites, tenants": "prerequisites-for-source-and-target-tenants",
    "Configuration, order of steps": "configuration-steps-to-enable-your-tenants-for-cross-tenant-mailbox-migrations",
    "Target: application and secret": "prepare-the-target-destination-tenant-by-creating-the-migration-application-"
    "and-secret",
    "Consent": "grant-consent-to-the-application",
    "Target: endpoint and relationship": "prepare-the-target-tenant-by-creating-the-exchange-online-migration-"
    "endpoint-and-"
    "organization-relationship",
    "Source: consent and relationship": "prepare-the-source-current-mailbox-location-tenant-by-accepting-the-migration-"
    "application-and-configuring-the-organization-relationship",
    "Target users": "prepare-target-user-objects-for-migration",
    "Prerequisites, target users": "prerequisites-for-target-user-objects",
    "Verification": "how-do-i-know-this-worked",
    "Move back": "move-mailboxes-back-to-the-original-source",
    "Migration": "perform-mailbox-migrations",
    "Batches": "create-migration-batches",
    "On-premises MailUsers": "update-on-premises-mailusers",
    "Removal": "remove-endpoints-and-organization-relationships-after-migration",
    "FAQ: remote mailboxes": "do-i-need-to-update-remotemailboxes-in-the-source-on-premises-tenant-after-the-move",
    "FAQ: Teams meetings": "do-teams-meetings-migrate-cross-tenant",
    "FAQ: content": "what-content-is-migrated-cross-tenant",
    "FAQ: Outbox": "do-items-in-the-outbox-get-migrated-cross-tenant",
    "FAQ: Teams chat": "does-the-teams-chat-folder-content-migrate-cross-tenant",
    "FAQ: listing the moves": "how-can-i-see-just-moves-that-are-cross-tenant-moves-not-my-onboarding-and-off-boarding-"
    "moves",
    "FAQ: sample scripts": "can-you-provide-example-scripts-for-copying-attributes-used-in-testing",
    "FAQ: Outlook after the move": "how-do-we-access-outlook-on-day-1-after-the-user-mailbox-is-moved",
    "FAQ: Exchange roles": "what-exchange-rbac-roles-do-i-need-to-be-member-of-to-set-up-or-complete-a-cross-"
    "tenant-move",
    "FAQ: target delivery domain": "how-do-we-target-which-smtp-address-is-selected-for-targetaddress-"
    "targetdeliverydomain-on-the-converted-mailbox-to-mailuser-conversion",
    "FAQ: mail flow": "how-does-mail-flow-work-after-migration",
    "FAQ: permissions": "how-do-mailbox-permissions-transition",
    "FAQ: x500": "what-x500-proxy-should-be-added-to-the-target-mailuser-proxy-addresses-to-enable-migration",
    "FAQ: shared domain": "can-the-source-and-target-tenants-utilize-the-same-domain-name",
    "FAQ: shared mailboxes": "will-shared-mailboxes-move-and-still-work",
    "FAQ: batch size": "do-you-have-any-recommendations-for-batches",
    "FAQ: Customer Key": "what-if-i-use-service-encryption-with-microsoft-purview-customer-key",
    "FAQ: duration": "what-is-the-estimated-migration-time",
    "FAQ: protected documents": "protecting-documents-in-the-source-tenant-consumable-by-users-in-the-destination-"
    "tenant",
    "FAQ: labels": "can-i-have-the-same-labels-in-the-destination-tenant-as-you-had-in-the-source-tenant-either-as-the-"
    "only-set-of-labels-or-an-additional-set-of-labels-for-the-migrated-users-depending-on-alignment-between-the-"
    "organizations",
    "FAQ: groups": "do-you-support-moving-microsoft-365-groups",
    "FAQ: eDiscovery": "can-a-source-tenant-admin-perform-an-ediscovery-search-against-a-mailbox-after-the-mailbox-has-"
    "been-migrated-to-the-newtarget-tenant",
    "FAQ: when to license": "at-which-step-should-i-assign-the-exchange-online-license-to-destination-mailusers",
    "FAQ: Entra Connect": "can-i-use-microsoft-entra-connect-to-sync-users-to-the-new-tenant-if-im-keeping-the-on-"
    "premises-active-directory",
    "FAQ: quota": "how-should-i-handle-mailboxes-that-are-close-to-or-over-quota",
    "FAQ: auto-expanding archives": "do-auto-expanded-archive-mailboxes-move",
    "FAQ: clouds": "can-i-perform-a-cross-cloud-tenant-to-tenant-migration",
    "FAQ: voicemail": "are-voicemails-migrated-cross-tenant",
    "FAQ: signatures": "are-mailbox-signatures-migrated-cross-tenant",
    "Known issues": "known-issues",
    "Migration failures": "migration-failures",
    "See also": "see-also",
}
"""An empty anchor is the top of the page."""


def parts(statement: Statement) -> tuple[str, ...]:
    """The parts of the document in which a statement stands, by our short names.

    Args:
        statement: The statement.
    """
    return tuple(part.strip() for part in statement.section.split(" / "))


def link(part: str) -> str:
    """The address of a part of the document.

    Args:
        part: Its short name, such as `"FAQ: quota"`.

    Raises:
        KeyError: There is no such part.
    """
    anchor = ANCHORS[part]
    return f"{DOCUMENT_URL}#{anchor}" if anchor else DOCUMENT_URL
