"""Where each part of Microsoft's document stands on its page, for links: part by our short name, heading as anchor."""

from __future__ import annotations

from xtmig_kernel.statements import DOCUMENT_URL, Statement

FAQ = "frequently-asked-questions"

CONFIGURATION = "configuration-steps-to-enable-your-tenants-for-cross-tenant-mailbox-migrations"
"""Where the steps of both tenants begin, whose own headings are whole sentences."""

ANCHORS = {
    "Front matter": "",
    "Introduction": "",
    "Licensing": "licensing",
    "Prerequisites, tenants": "prerequisites-for-source-and-target-tenants",
    "Configuration, order of steps": CONFIGURATION,
    "Target: application and secret": CONFIGURATION,
    "Consent": "grant-consent-to-the-application",
    "Target: endpoint and relationship": CONFIGURATION,
    "Source: consent and relationship": CONFIGURATION,
    "Target users": "prepare-target-user-objects-for-migration",
    "Prerequisites, target users": "prerequisites-for-target-user-objects",
    "Verification": "how-do-i-know-this-worked",
    "Move back": "move-mailboxes-back-to-the-original-source",
    "Migration": "perform-mailbox-migrations",
    "Batches": "create-migration-batches",
    "On-premises MailUsers": "update-on-premises-mailusers",
    "Removal": "remove-endpoints-and-organization-relationships-after-migration",
    "Known issues": "known-issues",
    "Migration failures": "migration-failures",
    "See also": "see-also",
}
"""An empty anchor is the top of the page."""

QUESTIONS = frozenset({
    "FAQ: remote mailboxes", "FAQ: Teams meetings", "FAQ: content", "FAQ: Outbox",
    "FAQ: Teams chat", "FAQ: listing the moves", "FAQ: sample scripts", "FAQ: Outlook after the move",
    "FAQ: Exchange roles", "FAQ: target delivery domain", "FAQ: mail flow", "FAQ: permissions",
    "FAQ: x500", "FAQ: shared domain", "FAQ: shared mailboxes", "FAQ: batch size",
    "FAQ: Customer Key", "FAQ: duration", "FAQ: protected documents", "FAQ: labels",
    "FAQ: groups", "FAQ: eDiscovery", "FAQ: when to license", "FAQ: Entra Connect",
    "FAQ: quota", "FAQ: auto-expanding archives", "FAQ: clouds", "FAQ: voicemail",
    "FAQ: signatures",
})  # fmt: skip
"""Parts that are one question each; a link leads to where the questions begin."""


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
    anchor = FAQ if part in QUESTIONS else ANCHORS[part]
    return f"{DOCUMENT_URL}#{anchor}" if anchor else DOCUMENT_URL
