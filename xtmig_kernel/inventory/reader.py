"""One way to read anything: a fact's name in, an observation out; a refusal is an observation too."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from xtmig_kernel.errors import ServiceError, SignInError, UsageError
from xtmig_kernel.evidence import NotObserved, Observation, Observed, Reason, Row
from xtmig_kernel.inventory import (
    after,
    compliance,
    contents,
    counts,
    directory,
    earlier,
    exchange,
    folder_shapes,
    groups,
    halted,
    licences,
    memberships,
    moves,
    on_premises,
    permissions,
    policies,
    recipients,
    records,
    retained,
    settings,
    sign_in,
    snapshot_drift,
    users,
)
from xtmig_kernel.inventory.context import MissingFact, ReadContext, nobody
from xtmig_kernel.m365 import as_reason
from xtmig_kernel.tables import row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xtmig_kernel.changes import Subject
    from xtmig_kernel.clock import Clock
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side

    Table = Callable[[ReadContext], tuple[str, Iterable[Row]]]

WITHOUT_SIGN_IN: dict[str, Table] = {
    "domain_lookup": sign_in.domain_lookup,
    "connections": sign_in.connections,
    "consent_link": sign_in.consent_link,
    "chosen_users": users.chosen_users,
    "proposed_users": users.proposed_users,
    "excluded_users": users.excluded_users,
    "staying_users": users.staying_users,
    "baseline_folders": counts.baseline_folders,
    "baseline_permissions": counts.baseline_permissions,
    "baseline_settings": counts.baseline_settings,
    "on_premises_reports": on_premises.on_premises_reports,
    "own_changes": records.own_changes,
    "earlier_sizes": earlier.earlier_sizes,
    "snapshot_drift": snapshot_drift.snapshot_drift,
    "given_up_users": records.given_up_users,
    "asked_sign_offs": records.asked_sign_offs,
    "hold_decisions": records.hold_decisions,
    "document_edition": records.document_edition,
    "project_files": records.project_files,
}
SIGNED_IN: dict[str, Table] = {
    "signed_in": sign_in.signed_in,
    "organization": directory.organization,
    "directory_roles": directory.directory_roles,
    "eligible_roles": directory.eligible_roles,
    "secret_policy": policies.secret_policy,
    "applications": directory.applications,
    "application_credentials": directory.application_credentials,
    "service_principals": directory.service_principals,
    "exchange_resource": directory.exchange_resource,
    "granted_roles": directory.granted_roles,
    "offered_cmdlets": exchange.offered_cmdlets,
    "organization_config": exchange.organization_config,
    "migration_endpoints": exchange.migration_endpoints,
    "endpoint_test": exchange.endpoint_test,
    "organization_relationships": exchange.organization_relationships,
    "accepted_domains": exchange.accepted_domains,
    "migration_tests": exchange.migration_tests,
    "migration_batches": moves.migration_batches,
    "migration_users": moves.migration_users,
    "migration_details": moves.migration_details,
    "halted_users": halted.halted_users,
    "halted_batches": halted.halted_batches,
    "skipped_items": moves.skipped_items,
    "move_requests": moves.move_requests,
    "mailboxes": recipients.mailboxes,
    "mail_users": recipients.mail_users,
    "recipients": recipients.recipients,
    "exchange_users": recipients.exchange_users,
    "soft_deleted_mailboxes": recipients.soft_deleted_mailboxes,
    "soft_deleted_mail_users": recipients.soft_deleted_mail_users,
    "distribution_groups": groups.distribution_groups,
    "scope_members": groups.scope_members,
    "subscribed_skus": licences.subscribed_skus,
    "directory_users": licences.directory_users,
    "licensing_groups": licences.licensing_groups,
    "mailbox_states": contents.mailbox_states,
    "organization_holds": contents.organization_holds,
    "retention_policies": compliance.retention_policies,
    "case_holds": compliance.case_holds,
    "compliance_access": compliance.compliance_access,
    "mailbox_sizes": contents.mailbox_sizes,
    "archive_recoverable_folders": retained.archive_recoverable_folders,
    "hold_tracking": retained.hold_tracking,
    "folder_shapes": folder_shapes.folder_shapes,
    "mailbox_permissions": permissions.mailbox_permissions,
    "folder_counts": counts.folder_counts,
    "mailbox_settings": settings.mailbox_settings,
    "client_access": settings.client_access,
    "calendar_processing": settings.calendar_processing,
    "role_assignments": settings.role_assignments,
    "group_memberships": memberships.group_memberships,
    "move_histories": after.move_histories,
    "licence_plans": after.licence_plans,
}


REMEMBERED_FOR = timedelta(minutes=15)


class Reader:
    """Reads facts of one project's tenants.

    Args:
        project: The project.
        tenants: The sides that are signed in.
        clock: Stamps the observations.
        absent: Why a side is not signed in, for the sides that are not.
        expect: Is told how many questions one table is about to ask, object by object.
    """

    def __init__(
        self,
        project: Project,
        tenants: Mapping[Side, Tenant],
        clock: Clock,
        absent: Mapping[Side, NotObserved],
        expect: Callable[[int], None] = nobody,
    ) -> None:
        self._project = project
        self._tenants = tenants
        self._clock = clock
        self._absent = absent
        self._expect = expect
        self._known_application_id: str | None = None
        self.forget()

    def forget(self) -> None:
        """Remember nothing of what was read: something is written, or time has passed."""
        self._remembered: dict[str, Observed[tuple[Row, ...]]] = {}
        self._kept: dict[str, Any] = {}
        self._since = self._clock.now()

    def read_all(self, facts: Iterable[str], *, fresh: bool = True) -> dict[str, Observation[tuple[Row, ...]]]:
        """Read several tables at one moment: what two of them are made from is read once.

        Args:
            facts: Sides and tables; each is read once.
            fresh: False where what was read of a tenant before will do, if nothing was written since and it is less
                than `REMEMBERED_FOR` old. An observation says when it was made, however often it is used.
        """
        if fresh or self._clock.now() - self._since >= REMEMBERED_FOR:
            self.forget()
        return {fact: self._remembering(fact) for fact in dict.fromkeys(facts)}

    def _remembering(self, fact: str) -> Observation[tuple[Row, ...]]:
        known = self._remembered.get(fact)
        if known is not None:
            return known
        found = self.read(fact, self._kept)
        if isinstance(found, Observed) and fact.partition(".")[2] in SIGNED_IN:
            self._remembered[fact] = found
        return found

    def read(self, fact: str, kept: dict[str, Any] | None = None) -> Observation[tuple[Row, ...]]:
        """Read one table of one side.

        Args:
            fact: Side and table, such as `"target.migration_endpoints"`.
            kept: Answers of the same moment; None where it is a moment of its own.

        Returns:
            The rows that are there (perhaps none), or why nothing was observed.
        """
        side, _, name = fact.partition(".")
        context = ReadContext(
            self._project,
            cast("Side", side),
            self._tenants,
            self._application_id,
            self._clock,
            {} if kept is None else kept,
            self._expect,
        )
        table = WITHOUT_SIGN_IN.get(name)
        if table is None:
            if context.side not in self._tenants:
                return self._absent.get(context.side) or self._missing(
                    Reason.NOT_ASKED, f"nobody is signed in to the {side} tenant"
                )
            table = SIGNED_IN[name]
        try:
            source, rows = table(context)
            return Observed(tuple(row_of(name, row) for row in rows), self._clock.now(), source)
        except MissingFact as missing:
            return self._missing(Reason.NOT_ASKED, str(missing))
        except UsageError as error:
            return self._missing(Reason.UNSUPPORTED, error.message)
        except (ServiceError, SignInError) as error:
            return self._missing(as_reason(error), str(error))

    def read_subject(self, subject: Subject) -> Observation[Row | None]:
        """Read one object by its key.

        Args:
            subject: The object.

        Returns:
            Its row, None where it is really absent, or why nothing was observed. Several objects with one key
            are not an observation of any of them.
        """
        rows = self.read(f"{subject.side}.{subject.table}")
        if isinstance(rows, NotObserved):
            return rows
        matching = [row for row in rows.value if subject.matches(row)]
        if len(matching) > 1:
            return self._missing(Reason.UNSUPPORTED, f"{len(matching)} objects answer to {subject.label}")
        return Observed(matching[0] if matching else None, rows.at, rows.source)

    def _missing(self, reason: Reason, detail: str) -> NotObserved:
        return NotObserved(reason, detail, self._clock.now())

    def _application_id(self) -> str | None:
        known = self._project.application_id or self._known_application_id
        if known:
            return known
        observed = self.read("target.applications")
        if isinstance(observed, NotObserved):
            raise MissingFact(
                "the migration application's ID is not known here: "
                + observed.detail
                + "; it can be given as application_id in project.yaml"
            )
        ours = [row for row in observed.value if row["UniqueName"] == self._project.application_name]
        if not ours:
            return None
        application_id = str(ours[0]["AppId"])
        for tenant in self._tenants.values():
            tenant.refuse_application(application_id)
        # an application's ID never changes, so once seen it is not asked for again
        self._known_application_id = application_id
        return application_id
