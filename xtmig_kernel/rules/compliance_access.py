"""Section 010: whether the account may see what policies and cases are called. Never a failure. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

ACCESS = "source.compliance_access"
_WITHOUT = (
    "Mailboxes under a hold are found all the same; their findings give the hold's ID, and the command with which "
    "somebody who may, such as a Compliance Administrator, finds its name."
)


def _may_name(seen: Seen, _project: Project) -> Iterable[Judgement]:
    token = seen.one("source.signed_in")
    who = str(token["Name"]) if token else "source"
    row = seen.one(ACCESS) if seen.has(ACCESS) else None
    if row is None:
        yield Judgement("skip", who, remedy=f"Security & Compliance was not asked. {_WITHOUT}")
    elif row["Policies"] and row["Cases"]:
        expected = "may read retention policies, holds of cases and cases in Security & Compliance"
        yield Judgement("pass", who, seen="offered the three cmdlets that name them", expected=expected)
    else:
        yield Judgement("skip", who, remedy=f"{_lacking(row['Policies'], row['Cases'], row['Problem'])} {_WITHOUT}")


def _lacking(policies: bool | None, cases: bool | None, problem: str | None) -> str:
    if problem:
        return f"Security & Compliance did not let this account in: {problem}"
    what = {(False, False): "neither policies nor cases", (False, True): "no retention policies"}
    return f"This account may read {what.get((bool(policies), bool(cases)), 'no cases')} in Security & Compliance."


RULES: tuple[Rule, ...] = (
    Rule(
        "source-may-name-holds",
        "The account may see which policy or case is behind a hold",
        (),
        "source",
        ("source.signed_in",),
        _may_name,
        helps=(ACCESS,),
    ),
)
