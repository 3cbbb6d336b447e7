"""Section 210: nothing of this project is left in either tenant, and nobody else's is touched (CLN-01 to CLN-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.account import GIVEN_UP
from xtmig_kernel.rules.batches import (
    BATCHES,
    DONE,
    FAILED,
    MIGRATION_USERS,
    STOPPED,
    WAVE_FACTS,
    everybody,
    our_batches,
)
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.objects import our_application, our_credentials, our_endpoint
from xtmig_kernel.rules.own import further_uses, is_created, own_changes, own_fact, still_ours
from xtmig_kernel.rules.relationship import ours, relationship_fact
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

RELATIONSHIP_STEP: dict[Side, str] = {"target": "210.4", "source": "210.5"}
CONSENT_STEP: dict[Side, str] = {"source": "210.6", "target": "210.7"}
ENDPOINTS, APPLICATIONS = "target.migration_endpoints", "target.applications"
CREDENTIALS, GROUPS = "target.application_credentials", "source.distribution_groups"
BATCH_FACTS = (BATCHES, MIGRATION_USERS, *WAVE_FACTS, GIVEN_UP)
APPLICATION_FACTS = (APPLICATIONS, CREDENTIALS, ENDPOINTS, own_fact("target"))
_RESTS = FAILED | STOPPED | {"NeedsApproval"}
_FINISHED = frozenset({"Completed", "CompletedWithErrors"})
_AT_REST = frozenset({"Stopped", "Failed", "Corrupted", "SyncedWithErrors"})


def consent_facts(side: Side) -> tuple[str, ...]:
    """The facts that tell whether a tenant's consent is still there, and whose it is.

    Args:
        side: The tenant.
    """
    if side == "source":
        return ("source.service_principals", "source.consent_link")
    return ("target.service_principals", "target.consent_link", *APPLICATION_FACTS)


def unfinished(batch: str, row: Row, seen: Seen, project: Project) -> str:
    """Why one of the project's batches must stay, in words; empty where it is finished.

    A batch that was completed is finished. So is one at rest in which nobody moves any more: each of its users has
    moved, or was given up by the owner.

    Args:
        batch: Its name.
        row: Its row in `migration_batches`.
        seen: Holds `BATCH_FACTS`.
        project: The project.
    """
    status = str(row["Status"])
    if status not in _FINISHED | _AT_REST:
        return f"it is {status}"
    given_up = _given_up_addresses(seen, project)
    users = [user for user in seen.rows(MIGRATION_USERS) if str(user["BatchId"]).casefold() == batch.casefold()]
    left = [
        user
        for user in users
        if user["Status"] not in DONE
        and not (user["Status"] in _RESTS and str(user["Identity"] or "").casefold() in given_up)
    ]
    if left:
        return (
            f"it is {status}, and not finished are {len(left)} of {counted(len(users), 'user')}: {left[0]['Identity']}"
        )
    return ""


def _given_up_addresses(seen: Seen, project: Project) -> set[str]:
    today = seen.now.date().isoformat()
    labels = {str(r["SourceAddress"]).casefold() for r in seen.rows(GIVEN_UP) if str(r["Until"]) >= today}
    users = [user for user in everybody(seen, project) if user.label.casefold() in labels]
    return {str(user.address or user.user["TargetAddress"]).casefold() for user in users} - {"none", ""}


def is_adopted(seen: Seen, project: Project) -> bool:
    """Whether the migration application was not registered by this project, so that it stays.

    Args:
        seen: Holds `APPLICATION_FACTS`.
        project: May name the application.
    """
    row = our_application(seen, project)
    names = (project.application_id, row and row["UniqueName"])
    return row is not None and not any(is_created(seen, "target", "applications", name) for name in names if name)


def needed_by(seen: Seen, project: Project) -> list[str]:
    """Endpoints of others that sign in as our application, by name.

    Args:
        seen: Holds `APPLICATION_FACTS`.
        project: The project.
    """
    application, own = our_application(seen, project), our_endpoint(seen, project)
    app_id = str(application["AppId"]).casefold() if application else None
    rows = (r for r in seen.rows(ENDPOINTS) if r is not own and str(r["ApplicationId"] or "").casefold() == app_id)
    return [str(row["Identity"]) for row in rows]


def _batches_finished(seen: Seen, project: Project) -> Iterable[Judgement]:
    batches = our_batches(seen, project)
    if not batches:
        yield Judgement(
            "pass", "batches of this project", seen=f"none among {len(seen.rows(BATCHES))}", expected="none unfinished"
        )
    for name, row in batches.items():
        why = unfinished(name, row, seen, project)
        yield Judgement(
            "fail" if why else "pass",
            name,
            seen=why or str(row["Status"]),
            expected="completed, or nobody in it moves any more",
            remedy="Complete it (160), mend its users (170), or take out those who are given up (180).",
        )


def _settled(seen: Seen, _project: Project) -> Iterable[Judgement]:
    for side in ("target", "source"):
        rows = seen.rows(f"{side}.own_changes")
        for row in rows:
            if not row["Settled"]:
                yield Judgement(
                    "fail",
                    str(row["Object"]),
                    seen=f"a change of step {row['Step']} was begun, and nobody knows what became of it",
                    expected="every change is settled before anything is taken away",
                    remedy=f"Open section {str(row['Step'])[:3]} again and plan: it looks what became of the change.",
                )
        left = sum(bool(row["Settled"]) for row in rows)
        yield Judgement(
            "pass", f"{side} tenant", seen=f"{counted(left, 'object')} bear a settled change", expected="all settled"
        )


def _leftovers(seen: Seen, _project: Project) -> Iterable[Judgement]:
    holders = [row for _, row in source_holders(seen)]
    left = sum(row is not None and row["RecipientTypeDetails"] == "MailUser" for row in holders)
    yield Judgement(
        "sign",
        f"{left} MailUsers",
        seen=f"{left} of {counted(len(holders), 'user')} of users.csv are MailUsers in the source",
        expected="the source's owner decides how long they stay",
        remedy=f"The owner of the source tenant agrees to what becomes of the {left} MailUsers that the moves have "
        "left, and not before when. They forward mail and answer replies to old messages; xtmig leaves them.",
    )


def _batches_removed(seen: Seen, project: Project) -> Iterable[Judgement]:
    batches = our_batches(seen, project)
    total = len(seen.rows(BATCHES))
    for name, row in batches.items():
        yield _to_go(name, f"batch {name}, {row['Status']}", "210.2")
    if not batches:
        yield Judgement("pass", "batches", seen=f"none of this project, {total} of others", expected="none of ours")


def _endpoint_removed(seen: Seen, project: Project) -> Iterable[Judgement]:
    name = project.endpoint_name
    if our_endpoint(seen, project) is None:
        others = len(seen.rows(ENDPOINTS))
        yield Judgement("pass", name, seen=f"not there; {others} others are let be", expected="no endpoint of ours")
    elif is_created(seen, "target", "migration_endpoints", name):
        yield _to_go(name, "this project's endpoint is there", "210.3")
    else:
        yield _kept(name, "was not created by this project")


def _relationship_restored(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    step = RELATIONSHIP_STEP[side]

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        own = own_changes(seen, side, "organization_relationships")
        rows = {str(row["Identity"]).casefold(): row for row in ours(seen, side, project)}
        for key, row in rows.items():
            change, name = own.get(key), str(row["Identity"])
            if change is None:
                yield _kept(name, "was neither created nor altered by this project, as far as its ledger tells")
            elif change.created and not further_uses(row, side, project):
                yield _to_go(name, "this project's relationship is there", step)
            elif still_ours(change, row, side, project):
                left = ", ".join(still_ours(change, row, side, project))
                yield _to_go(name, f"{left} as this project left it", step)
            else:
                uses = " and ".join(further_uses(row, side, project)) or "what it served before"
                yield Judgement("pass", name, seen=f"serves {uses}", expected="as it was before this project")
        if not rows:
            partner = project.partner(side).tenant_id
            yield Judgement("pass", partner, seen="no relationship holds this tenant", expected="none of ours")

    return judge


def _consent_removed(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        name, rows = project.application_name, seen.rows(f"{side}.service_principals")
        if not rows and not seen.rows(f"{side}.consent_link"):
            yield Judgement("skip", name, remedy="the application is gone, and so is the ID to ask for its consent by")
        elif not rows:
            yield Judgement("pass", name, seen="no enterprise application", expected="no consent of ours")
        elif side == "target" and (is_adopted(seen, project) or needed_by(seen, project)):
            yield _kept(name, _why_kept(seen, project))
        else:
            yield _to_go(name, "the enterprise application and its consent are there", CONSENT_STEP[side])

    return judge


def _application_removed(seen: Seen, project: Project) -> Iterable[Judgement]:
    name = project.application_name
    if our_application(seen, project) is None:
        yield Judgement("pass", name, seen="not registered", expected="no application of ours")
    elif needed_by(seen, project):
        yield _kept(name, _why_kept(seen, project))
    elif not is_adopted(seen, project):
        yield _to_go(name, "this project's application is registered", "210.8")
    elif our_credentials(seen, project):
        yield _to_go(
            name, f"{counted(len(our_credentials(seen, project)), 'secret')} of this project are on it", "210.8"
        )
    else:
        yield _kept(name, _why_kept(seen, project))


def _why_kept(seen: Seen, project: Project) -> str:
    users = needed_by(seen, project)
    return f"endpoint {', '.join(users)} signs in as it" if users else "was not registered by this project"


def _groups_removed(seen: Seen, project: Project) -> Iterable[Judgement]:
    present = {str(row["Name"]).casefold() for row in seen.rows(GROUPS)}
    for name in project.scope_group_names:
        if name.casefold() not in present:
            yield Judgement("pass", name, seen="not there", expected="no scope group of ours")
        elif is_created(seen, "source", "distribution_groups", name):
            yield _to_go(name, "this project's scope group is there", "210.9")
        else:
            yield _kept(name, "was not created by this project")


def _to_go(name: str, seen: str, step: str) -> Judgement:
    return Judgement(
        "fail",
        name,
        seen=seen,
        expected="gone, or as it was before",
        remedy=f"Approve and apply step {step}.",
        step=step,
    )


def _kept(name: str, why: str) -> Judgement:
    return Judgement(
        "warn",
        name,
        seen=f"it {why}, so it stays",
        expected="gone, if this project created it",
        remedy="If nothing needs it any more, its owner removes it by hand.",
    )


def _of_side(side: Side) -> tuple[Rule, ...]:
    return (
        Rule(
            f"{side}-relationship-restored",
            f"The {side}'s relationship with the partner is gone, or as it was before this project",
            ("CLN-03",),
            side,
            (relationship_fact(side), own_fact(side)),
            _relationship_restored(side),
        ),
        Rule(
            f"{side}-consent-removed",
            f"The migration application may do nothing any more in the {side}",
            (),
            side,
            consent_facts(side),
            _consent_removed(side),
        ),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "batches-finished",
        "No batch of this project has anybody in it who is still to move",
        ("CLN-02", "CLN-03"),
        "target",
        BATCH_FACTS,
        _batches_finished,
    ),
    Rule(
        "changes-settled",
        "It is known what became of every change that this project began",
        (),
        None,
        (own_fact("target"), own_fact("source")),
        _settled,
    ),
    Rule(
        "source-leftovers",
        "The source's owner decides what becomes of the MailUsers that are left",
        ("CLN-01",),
        "source",
        ("source.chosen_users", "source.mailboxes", "source.mail_users"),
        _leftovers,
    ),
    Rule(
        "batches-removed",
        "No batch of this project is left",
        ("CLN-02",),
        "target",
        (BATCHES, "source.chosen_users"),
        _batches_removed,
    ),
    Rule(
        "endpoint-removed",
        "The project's migration endpoint is gone",
        ("CLN-02",),
        "target",
        (ENDPOINTS, own_fact("target")),
        _endpoint_removed,
    ),
    *_of_side("target"),
    *_of_side("source"),
    Rule(
        "application-removed",
        "The project's migration application and its secrets are gone",
        (),
        "target",
        APPLICATION_FACTS,
        _application_removed,
    ),
    Rule(
        "scope-groups-removed",
        "The project's scope groups are gone",
        (),
        "source",
        (GROUPS, own_fact("source")),
        _groups_removed,
    ),
)
