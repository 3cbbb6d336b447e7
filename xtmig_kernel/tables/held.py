"""Why each table is held. `docs/reference/data-held.md` is made from this, and from `personal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONNECTION = "to prove that the right tenant is spoken to, by somebody who may"
_APPLICATION = "to see that the migration application is there, may move mailboxes and nothing else, and for how long"
_CONFIGURATION = "to see that the two organisations are set up for moves between them"
_LICENCES = "to see that everybody who moves is licensed for it, neither too late nor too early"
_LIST = "to know who moves, who stays and why"
_MATCH = "to match each mailbox with what stands for it in the other tenant, and to find names that are taken"
_STOPS = "to find what stops or loses a mailbox before it moves"
_MOVES = "to follow each move, and to name the cause where it fails"
_AFTER = "to prove that all of it arrived, and to restore rights that did not"
_ACCOUNT = "to account for every mailbox and every change at the end"

WHY: Mapping[str, str] = {
    **dict.fromkeys(("domain_lookup", "connections", "signed_in", "organization"), _CONNECTION),
    **dict.fromkeys(("directory_roles", "eligible_roles", "offered_cmdlets", "compliance_access"), _CONNECTION),
    **dict.fromkeys(
        (
            "consent_link", "secret_policy", "applications", "application_credentials", "service_principals",
            "exchange_resource", "granted_roles",
        ),
        _APPLICATION,
    ),
    **dict.fromkeys(
        (
            "organization_config", "migration_endpoints", "endpoint_test", "organization_relationships",
            "accepted_domains", "migration_tests",
        ),
        _CONFIGURATION,
    ),
    **dict.fromkeys(("subscribed_skus", "directory_users", "licensing_groups", "licence_plans"), _LICENCES),
    **dict.fromkeys(
        ("chosen_users", "excluded_users", "staying_users", "proposed_users", "distribution_groups", "scope_members"),
        _LIST,
    ),
    **dict.fromkeys(
        (
            "mailboxes", "mail_users", "recipients", "exchange_users", "soft_deleted_mailboxes",
            "soft_deleted_mail_users",
        ),
        _MATCH,
    ),
    **dict.fromkeys(
        (
            "mailbox_states", "organization_holds", "mailbox_sizes", "archive_recoverable_folders", "hold_tracking",
            "folder_shapes", "move_requests", "earlier_sizes", "snapshot_drift", "retention_policies", "case_holds",
            "hold_decisions",
        ),
        _STOPS,
    ),
    **dict.fromkeys(
        (
            "mailbox_settings", "client_access", "calendar_processing", "role_assignments", "group_memberships",
            "baseline_settings",
        ),
        "to tell after the move which settings of the directory side did not come with it",
    ),
    "mailbox_permissions": "to let those who work together move together, and to restore rights after the move",
    **dict.fromkeys(
        (
            "migration_users", "migration_batches", "halted_users", "halted_batches", "migration_details",
            "skipped_items",
        ),
        _MOVES,
    ),
    **dict.fromkeys(
        ("folder_counts", "move_histories", "baseline_folders", "baseline_permissions", "on_premises_reports"), _AFTER
    ),
    **dict.fromkeys(
        ("own_changes", "given_up_users", "asked_sign_offs", "document_edition", "project_files"), _ACCOUNT
    ),
}  # fmt: skip

_OWNER, _PURGE, _ALL = "its owner alone", "until `xtmig purge --snapshots`", "until `xtmig purge --all-personal`"
_EVIDENCE = "as long as evidence must be kept; nothing removes it"
PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("memory of a run", "the tables below", "the process", "until the run ends"),
    ("`inventory.db`", "the tables below, of each snapshot", _OWNER, _PURGE),
    (
        "`users.csv`, `baseline/`, scripts and their results",
        "addresses, sizes, rights and settings of those who move",
        _OWNER,
        _ALL,
    ),
    (
        "`rehearsals/`, `.simulation/`",
        "a snapshot as a tenants file, and a rehearsal of it; with `--pseudonymise` other names",
        _OWNER,
        _PURGE,
    ),
    ("notebooks in `notebooks/`", "outputs that were saved by hand", _OWNER, f"{_ALL} clears them"),
    (
        "`project.yaml`, `approvals.yaml`, `waivers.yaml`",
        "approvers; who stays, and why",
        _OWNER,
        "as long as the evidence",
    ),
    (
        "`ledger.db`",
        "whom each finding and each change was about; of tables only their number of rows and a hash",
        _OWNER,
        _EVIDENCE,
    ),
    ("`reports/`", "the same, and what a step shows", f"{_OWNER}, and whoever is handed an archive", _EVIDENCE),
)
"""Where data lies: the place, what of people is in it, who can read it, how long it stays."""
