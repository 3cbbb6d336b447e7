"""Section 060: consent to the application in both tenants, and the link that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, urlsplit

from xtmig_kernel.project.clouds import login_address
from xtmig_kernel.rules.objects import REDIRECT_URI, granted, our_application
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project, Side

STEP = {"target": "060.1", "source": "060.2"}


def _link(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        row, application = seen.one(f"{side}.consent_link"), our_application(seen, project)
        if row is None or application is None:
            yield Judgement(
                "fail", "consent link", "the application is not registered", "a link", "Apply section 050.", "050.1"
            )
            return
        parts = urlsplit(str(row["Url"]))
        query = parse_qs(parts.query)
        domain = project.side(side).domain
        wrong = [
            words
            for words, right in (
                ("the host is not this cloud's sign-in host", _right_host(parts, side, project)),
                (f"the tenant in the path is not {domain}", parts.path == f"/{domain}/adminconsent"),
                ("client_id is not the application's ID", query.get("client_id") == [application["AppId"]]),
                (
                    "redirect_uri is not one that is registered",
                    query.get("redirect_uri") == [REDIRECT_URI] and REDIRECT_URI in application["RedirectUris"],
                ),
            )
            if not right
        ]
        yield Judgement(
            "fail" if wrong else "pass",
            str(row["Url"]),
            seen="; ".join(wrong) or f"names {domain}, the application's ID and its registered redirect URI",
            expected="the tenant's own domain, the application's ID, the registered redirect URI",
            remedy="Correct the registration with step 050.2; the link is made anew.",
            step="050.2",
        )

    return judge


def _right_host(parts: SplitResult, side: Side, project: Project) -> bool:
    live = f"{parts.scheme}://{parts.netloc}" == login_address(project.side(side))
    return live or project.simulation is not None


def _present(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        row = seen.one(f"{side}.service_principals")
        if row is None:
            yield _to_consent(side, seen, project, "the application is not in this tenant")
            return
        owner = row["OwnerTenantId"]
        right = owner == project.target.tenant_id
        yield Judgement(
            "pass" if right else "fail",
            str(row["DisplayName"]),
            seen=f"present, owned by tenant {owner}",
            expected=f"present, owned by the target tenant {project.target.tenant_id}",
            remedy="Somebody consented to another application; remove it and use the link of section 060.",
        )

    return judge


def _granted(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        if granted(seen, side):
            name = project.side(side).domain
            yield Judgement("pass", name, seen="Mailbox.Migration is granted", expected="Mailbox.Migration is granted")
        else:
            yield _to_consent(side, seen, project, "Mailbox.Migration is not granted")

    return judge


def _to_consent(side: Side, seen: Seen, project: Project, what: str) -> Judgement:
    link = seen.one(f"{side}.consent_link")
    if link is None:
        return Judgement("fail", project.side(side).domain, what, "consent", "Apply section 050 first.", "050.1")
    by = project.consent.target if side == "target" else project.consent.source
    if by == "xtmig":
        return Judgement(
            "fail", project.side(side).domain, what, "consent", f"Approve and apply step {STEP[side]}.", STEP[side]
        )
    return Judgement(
        "wait",
        project.side(side).domain,
        seen=what,
        expected="consent of an administrator",
        remedy=f"an administrator of the {side} tenant, who opens {link['Url']} and accepts",
        step=STEP[side],
    )


def _rules(side: Side) -> tuple[Rule, ...]:
    link = (f"{side}.consent_link", "target.applications")
    return (
        Rule(
            f"{side}-consent-link",
            f"The consent link for the {side} tenant names the right tenant, application and redirect URI",
            ("CON-04", "CON-05", "CON-06", "CON-07") if side == "source" else ("CON-02",),
            side,
            link,
            _link(side),
        ),
        Rule(
            f"{side}-application-present",
            f"The application is an enterprise application of the {side} tenant, owned by the target tenant",
            ("CON-01",) if side == "target" else ("CON-04", "SRC-01", "SRC-03"),
            side,
            (f"{side}.service_principals", f"{side}.consent_link"),
            _present(side),
        ),
        Rule(
            f"{side}-consent-granted",
            f"The {side} tenant has granted Mailbox.Migration to the application",
            ("CON-02", "CON-03") if side == "target" else ("CON-04", "CON-05", "SRC-02"),
            side,
            (f"{side}.granted_roles", f"{side}.exchange_resource", f"{side}.consent_link"),
            _granted(side),
        ),
    )


RULES: tuple[Rule, ...] = (*_rules("target"), *_rules("source"))
