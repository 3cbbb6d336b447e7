"""Section 170: whose move has failed, what the service names as the reason, and which kinds of failure there are. Pure.

The service's answer is read for exception types and AADSTS codes, never for words that depend on a language. Several
types are given for many causes; they name no kind, and every check that can explain them is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.rules.batches import (
    BATCHES,
    FAILED,
    MIGRATION_USERS,
    NEEDS_A_PERSON,
    WAVE_FACTS,
    everybody,
    our_users,
    wave_names,
    wave_of_batch,
)
from xtmig_kernel.rules.causes import type_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving
    from xtmig_kernel.rules.rule import Seen

DETAILS = "target.migration_details"
CORE = (*WAVE_FACTS, BATCHES, MIGRATION_USERS, DETAILS)
"""Facts by which it is known whose move has failed and what the service says."""

RESUME, REMOVE, AGAIN, LOOK = "170.3", "170.4", "170.5", "170.1"
ARCHIVES = "170.2"

LUMPS = frozenset(
    {
        "MigrationPermanentException",
        "MigrationTransientException",
        "MigrationServerConnectionFailedException",
        "MRSRemotePermanentException",
        "MRSRemoteTransientException",
        "CommunicationErrorTransientException",
        "RemotePermanentException",
        "RemoteTransientException",
    }
)
"""Types that the service gives for many causes (failures 2.1 #1 to #3)."""


@dataclass(frozen=True)
class Kind:
    """One way in which a move fails.

    Args:
        id: Last part of the id of its rule, `failed-<id>`.
        title: What holds where nobody has failed in this way; the rule's title.
        statements: The document's statements that it answers.
        types: Exception types and codes that name it.
        then: What follows the mend: the batch is resumed, or the user is removed and put into a new batch.
        rules: Ids of present rules that prove it by what they say of the user, or of the tenants.
        always: Whether it is looked at whatever the service names; otherwise only if it is named, or nothing is.
        unproven: What to do where the service names it and nothing in the tenants shows it.
        step: The step for that, where it is not the one that resumes or removes.
    """

    id: str
    title: str
    statements: tuple[str, ...]
    types: tuple[str, ...] = ()
    then: Literal["resume", "again"] = "resume"
    rules: tuple[str, ...] = ()
    always: bool = False
    unproven: str = ""
    step: str | None = None

    @property
    def rule(self) -> str:
        """Id of its rule."""
        return f"failed-{self.id}"


@dataclass(frozen=True)
class Failure:
    """One migration user of this project's batches whose move has failed or waits for a person.

    Args:
        row: The row of `migration_users`.
        moving: The line of `users.csv` that is meant, None where none is, or more than one.
        types: Exception types and codes that the service names for it.
        wave: The wave whose batch it is in.
    """

    row: Row
    moving: Moving | None
    types: tuple[str, ...]
    wave: str

    @property
    def address(self) -> str:
        """The migration user's Identity, as it was read."""
        return str(self.row["Identity"] or "")

    @property
    def batch(self) -> str:
        """The name of its batch."""
        return str(self.row["BatchId"] or "")

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other failure."""
        return self.address.casefold(), self.batch.casefold()

    @property
    def says(self) -> str:
        """What the service says, without words that depend on a language."""
        return ", ".join(self.types) or f"status {self.row['Status']}, no exception type"

    @property
    def is_named(self) -> bool:
        """Whether the service names one kind of failure, not many at once."""
        return any(kind.types and set(kind.types) & set(self.types) for kind in KINDS) or self.waits_for_licence

    @property
    def waits_for_licence(self) -> bool:
        """Whether its state is the one that a missing licence leads to, and not skipped items (LIC-15)."""
        return self.row["Status"] in NEEDS_A_PERSON and not self.row["UnapprovedSkippedItems"]

    def names(self, kind: Kind) -> bool:
        """Whether the service names this kind.

        Args:
            kind: The kind.
        """
        return bool(set(kind.types) & set(self.types)) or (kind.id == "licence" and self.waits_for_licence)


_USER = "prepared-"
KINDS: tuple[Kind, ...] = (
    Kind(
        "scope",
        "No move has failed because the mailbox is outside the published scope",
        ("ERR-01", "ERR-02"),
        ("MailboxNotInCrossTenantMigrationScopeException",),
        rules=("scope-members-complete", "scope-group-found", "source-relationship-scopes"),
        always=True,
    ),
    Kind(
        "auxiliary-scope",
        "No move has failed because the mailbox came into scope after its batch, and has auxiliary archives",
        ("ERR-04",),
        ("AuxArchiveNotFoundInTargetRecipientException",),
        then="again",
        unproven="Nothing shows an auxiliary archive, so only the exception's name speaks for it.",
    ),
    Kind(
        "auxiliary-new",
        "No move has failed because the source archive expanded while it ran",
        ("ERR-10", "ARC-04", "ARC-05"),
        ("SourceAuxArchiveIsProvisionedDuringCrossTenantMovePermanentException",),
        then="again",
        unproven="Nothing shows an auxiliary archive, so only the exception's name speaks for it.",
    ),
    Kind(
        "auxiliary-limit",
        "No move has failed because of more than twelve auxiliary archives",
        ("ARC-02",),
        rules=("archive-parts",),
    ),
    Kind(
        "maintenance",
        "No move has failed because Microsoft was working on a database",
        ("ERR-07",),
        ("MailboxIsNotInExpectedDBException",),
        then="again",
        unproven="It comes from maintenance inside the service, which no tenant shows: the exception's name is all "
        "there is.",
    ),
    Kind(
        "proxy",
        "No move has failed because of an address in a domain that the target does not own",
        ("ERR-08", "ERR-09"),
        ("NotAcceptedDomainException",),
        rules=(f"{_USER}proxies-verified", f"{_USER}primary-not-external"),
        always=True,
    ),
    Kind(
        "duplicate",
        "Nobody is in two batches at once",
        ("ERR-11",),
        ("UserDuplicateInOtherBatchException",),
        then="again",
        always=True,
    ),
    Kind(
        "guid",
        "No move has failed because the target's MailUser lacks the source's ExchangeGuid",
        ("ERR-12",),
        ("MissingExchangeGuidException",),
        rules=(f"{_USER}exchange-guid",),
        always=True,
    ),
    Kind(
        "moving",
        "No move has failed because the source mailbox is being moved already",
        ("ERR-13", "ERR-14"),
        ("SourceMailboxAlreadyBeingMovedPermanentException",),
        then="again",
        unproven="The other move is over, or was never seen from here.",
    ),
    Kind(
        "remote-host",
        "No move has failed because the source mailbox still bears the host of another move",
        ("ERR-13",),
    ),
    Kind(
        "disabled-archive",
        "No move has failed because of a disabled archive",
        ("ERR-15", "ERR-18"),
        ("UserAlreadyHasDemotedArchiveException",),
        always=True,
    ),
    Kind(
        "archive-guid",
        "No move has failed because the archives of the two sides differ",
        ("ERR-18",),
        ("RecipientArchiveGuidMismatchPermanentException",),
        rules=(f"{_USER}archive-guid",),
        always=True,
    ),
    Kind(
        "licence",
        "No move has failed, or waits, because the user lacks the migration licence",
        ("LIC-11", "LIC-15"),
        ("CrossTenantMigrationWithoutLicensePermanentException",),
        always=True,
    ),
    Kind(
        "primary-mailbox",
        "No move has failed because the user has a mailbox in the target already",
        ("USR-01",),
        ("TargetUserAlreadyHasPrimaryMailboxException",),
        rules=(f"{_USER}no-mailbox", "previous-mailbox-cleared"),
    ),
    Kind(
        "row",
        "Every user of a batch is named by the primary address in the target",
        ("BAT-06", "BAT-08"),
        ("MigrationCSVRowValidationException", "MigrationRecipientNotFoundException"),
        then="again",
        always=True,
    ),
    Kind(
        "mail-user",
        "No move has failed because the target has no MailUser for it",
        ("USR-01",),
        ("ManagementObjectNotFoundException", "MigrationRecipientNotFoundException"),
        then="again",
        rules=(f"{_USER}mail-user",),
    ),
    Kind(
        "x500",
        "No move has failed because an x500 address of the source is missing in the target",
        ("USR-07",),
        rules=(f"{_USER}legacy-dn", f"{_USER}x500"),
        always=True,
    ),
    Kind(
        "external-address",
        "No move has failed because the MailUser points elsewhere than to the source mailbox",
        ("USR-13",),
        rules=(f"{_USER}external-address", f"{_USER}external-not-proxy"),
        always=True,
    ),
    Kind(
        "delivery-proxy",
        "No move has failed because the MailUser has no address in the target delivery domain",
        ("MFL-02",),
        ("TargetDeliveryDomainMismatchPermanentException",),
        rules=(f"{_USER}delivery-proxy",),
        always=True,
    ),
    Kind(
        "directory",
        "No move has failed because a synchronised object does not show what was set on-premises",
        ("KNI-04",),
        rules=("on-premises-shows",),
        always=True,
    ),
    Kind("hold", "No move has failed because the source mailbox is held", ("HLD-01",), rules=("mailbox-not-held",)),
    Kind(
        "quota",
        "No move has failed because the source mailbox, or its archive, is over its quota",
        ("QTA-01",),
        ("MailboxSizeExceedsTargetQuotaPermanentException", "ArchiveSizeExceedsTargetQuotaPermanentException"),
        rules=("mailbox-within-quota", "archive-within-quota"),
    ),
    Kind(
        "recoverable",
        "No move has failed because deleted items take more room than the target gives them",
        ("CNT-02",),
        (
            "DumpsterSizeExceedsTargetQuotaPermanentException",
            "ArchiveDumpsterSizeExceedsTargetQuotaPermanentException",
        ),
        rules=("recoverable-within-quota",),
    ),
    Kind(
        "connection",
        "No move has failed because the target cannot reach the source",
        ("EPT-09",),
        ("AADSTS7000215", "AADSTS7000222", "AADSTS70011", "AADSTS700016", "AADSTS65001", "AADSTS90002"),
    ),
)
BY_ID: dict[str, Kind] = {kind.id: kind for kind in KINDS}


def failures(seen: Seen, project: Project) -> tuple[Failure, ...]:
    """Everybody in this project's batches whose move has failed, or waits for a person; foreign batches stay aside.

    Args:
        seen: Holds `CORE`.
        project: Gives names and waves.
    """
    return seen.derived(_failures, CORE, project)


def _failures(seen: Seen, project: Project) -> tuple[Failure, ...]:
    known = _lines(everybody(seen, project))
    said: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(DETAILS):
        said[str(row["Identity"] or "").casefold()].append(row)
    names = wave_names(seen, project)
    return tuple(
        Failure(
            row,
            _line_of(row, known),
            _types(row, said),
            wave_of_batch(str(row["BatchId"]), project, names) or "",
        )
        for row in our_users(seen, project)
        if is_halted(row)
    )


def is_halted(row: Row) -> bool:
    """Whether a migration user has failed, or waits for what only a person can do besides deciding on skipped items.

    Args:
        row: A row of `migration_users`.
    """
    return row["Status"] in FAILED or (row["Status"] in NEEDS_A_PERSON and not row["UnapprovedSkippedItems"])


def _types(row: Row, said: Mapping[str, list[Row]]) -> tuple[str, ...]:
    """Types of the user's statistics and of its own summary; where two users bear one address, of the latter alone."""
    details = said.get(str(row["Identity"] or "").casefold(), [])
    told = [str(details[0][column] or "") for column in ("ErrorType", "Error")] if len(details) == 1 else []
    return tuple(type_names(" ".join((*told, str(row["ErrorSummary"] or "")))))


def _lines(users: Iterable[Moving]) -> Mapping[str, list[Moving]]:
    """Lines of `users.csv` by whatever a batch may name them: address in the target, address or GUID in the source."""
    known: dict[str, list[Moving]] = defaultdict(list)
    for moving in users:
        if moving.user["Line"]:
            for name in _names(moving):
                known[name].append(moving)
    return known


def _names(moving: Moving) -> set[str]:
    source = moving.source or {}
    given = (
        moving.address,
        moving.match.names.address if moving.match.names else None,  # where nobody in the target has it yet
        moving.user["SourceAddress"],
        source.get("PrimarySmtpAddress"),
        source.get("ExchangeGuid"),
        *(source.get("SmtpAddresses") or ()),
        *((moving.target or {}).get("SmtpAddresses") or ()),
    )
    return {str(name).casefold() for name in given if str(name or "").strip()}


def _line_of(row: Row, known: Mapping[str, list[Moving]]) -> Moving | None:
    """The one line that is meant: by address and by GUID; None where these lead to none, or to two."""
    keys = [str(row[column] or "").casefold() for column in ("Identity", "MailboxGuid")]
    found = {id(moving): moving for key in keys if key.strip() for moving in known.get(key, ())}
    return next(iter(found.values())) if len(found) == 1 else None
