"""Section 050: the migration application's registration in the target tenant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.objects import (
    MULTI_TENANT,
    REDIRECT_URI,
    USER_READ,
    migration_permission,
    our_application,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

APPLICATIONS = ("target.applications",)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _registered(seen: Seen, project: Project) -> Iterable[Judgement]:
    rows = seen.rows("target.applications")
    ours = our_application(seen, project)
    name = project.application_id or project.application_name
    if ours is not None and len(rows) == 1:
        yield Judgement("pass", name, seen="registered once", expected="registered once")
    elif ours is not None:
        others = ", ".join(str(row["AppId"]) for row in rows if row is not ours)
        yield Judgement(
            "warn",
            name,
            seen=f"other applications bear the same name: {others}",
            expected="one application of that name",
            remedy="Nothing needs to be done; when you talk about it, name the application by its ID.",
        )
    elif rows:
        yield Judgement(
            "fail",
            name,
            seen=f"an application of that name exists that this project did not make: {rows[0]['AppId']}",
            expected="this project's application, or none of that name",
            remedy="Adopt it with application_id in project.yaml, or choose another names.application.",
        )
    else:
        yield Judgement(
            "fail",
            name,
            seen="not registered",
            expected="registered once",
            remedy="Look for the ID in the portal under App registrations, All applications."
            if project.application_id
            else "Apply step 050.1.",
            step=None if project.application_id else "050.1",
        )


def _of_application(
    attribute: str, expected: str, is_right: Callable[[Row], bool], show: Callable[[Any], str] = str
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        row = our_application(seen, project)
        if row is None:
            yield Judgement(
                "fail", project.application_name, "not registered", expected, "Apply step 050.1 first.", "050.1"
            )
            return
        yield Judgement(
            "pass" if is_right(row) else "fail",
            str(row["DisplayName"]),
            seen=show(row[attribute]),
            expected=expected,
            remedy="Apply step 050.2, which corrects the registration and keeps everything else in it.",
            step="050.2",
        )

    return judge


def _permission(seen: Seen, project: Project) -> Iterable[Judgement]:
    wanted = migration_permission(seen)
    row = our_application(seen, project)
    expected = "Office 365 Exchange Online, application permission, Mailbox.Migration"
    if wanted is None:
        yield Judgement(
            "fail",
            "Office 365 Exchange Online",
            seen="this tenant's Exchange Online does not offer the role Mailbox.Migration",
            expected=expected,
            remedy="Check that the tenant has Exchange Online; ask Microsoft support if it has.",
        )
    elif row is None:
        yield Judgement(
            "fail", project.application_name, "not registered", expected, "Apply step 050.1 first.", "050.1"
        )
    else:
        there = wanted in row["Permissions"]
        surplus = [p for p in row["Permissions"] if p != wanted]
        seen_text = "requested" if there else "not requested"
        if surplus:
            seen_text += f", and {len(surplus)} further Exchange permission(s)"
        yield Judgement(
            ("warn" if surplus else "pass") if there else "fail",
            str(row["DisplayName"]),
            seen=seen_text,
            expected=expected,
            remedy="Remove what is not needed in the portal; the application should be able to move mailboxes only."
            if there
            else "Apply step 050.2.",
            step=None if there else "050.2",
        )


def _nothing_unneeded(seen: Seen, project: Project) -> Iterable[Judgement]:
    row = our_application(seen, project)
    if row is None:
        return
    other = list(row["OtherPermissions"])
    unneeded = USER_READ in other
    yield Judgement(
        "warn" if other else "pass",
        str(row["DisplayName"]),
        seen=("User.Read is requested" if unneeded else f"{len(other)} permission(s) of other services")
        if other
        else "no other permission",
        expected="Mailbox.Migration alone",
        remedy="Apply step 050.3 to remove User.Read."
        if unneeded
        else "Remove them in the portal if nobody needs them.",
        step="050.3" if unneeded else None,
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "application-registered",
        "The migration application is registered in the target tenant",
        ("APP-02", "APP-03"),
        "target",
        APPLICATIONS,
        _registered,
    ),
    Rule(
        "application-id-known",
        "The application (client) ID is known and is not the object ID",
        ("APP-06",),
        "target",
        APPLICATIONS,
        _of_application(
            "AppId",
            "a GUID that is not the object ID",
            lambda row: bool(_GUID.fullmatch(str(row["AppId"]))) and row["AppId"] != row["Id"],
        ),
    ),
    Rule(
        "application-multi-tenant",
        "The application accepts accounts of any organisation",
        ("APP-04",),
        "target",
        APPLICATIONS,
        _of_application("SignInAudience", MULTI_TENANT, lambda row: row["SignInAudience"] == MULTI_TENANT),
    ),
    Rule(
        "application-redirect",
        "The application has the Web redirect URI that the consent link names",
        ("APP-05",),
        "target",
        APPLICATIONS,
        _of_application(
            "RedirectUris",
            REDIRECT_URI,
            lambda row: REDIRECT_URI in row["RedirectUris"],
            lambda v: ", ".join(v) or "none",
        ),
    ),
    Rule(
        "application-permission",
        "The application asks for Mailbox.Migration of Exchange Online, as an application permission",
        ("APP-08", "APP-09", "APP-10"),
        "target",
        (*APPLICATIONS, "target.exchange_resource"),
        _permission,
    ),
    Rule(
        "application-nothing-unneeded",
        "The application asks for nothing that a mailbox move does not need",
        ("APP-07",),
        "target",
        APPLICATIONS,
        _nothing_unneeded,
    ),
)
