from __future__ import annotations

import cases_after
import cases_close
import cases_cutover
import cases_licensing
import cases_preflight
import cases_settings
import cases_stay
import pytest
from cases_connect import application_signed_in
from core_facts import NOW, judged, kinds, make_project, observed, refused, world
from rule_case import Case
from rule_cases import NOT_PASSING, PASSING

from xtmig_kernel.evidence import Reason, Unseen
from xtmig_kernel.rules import ALL_RULES, Rule, evaluate

RULES = {rule.id: rule for rule in ALL_RULES}
NEVER_PASS = {
    "secret-kept",
    *cases_after.NEVER_PASS,
    *cases_close.NEVER_PASS,
    *cases_cutover.NEVER_PASS,
    *cases_licensing.NEVER_PASS,
    *cases_preflight.NEVER_PASS,
    *cases_settings.NEVER_PASS,
    *cases_stay.NEVER_PASS,
}


def listed(cases: dict[str, list[Case]]) -> list[object]:
    return [pytest.param(rule, case, id=f"{rule}: {case.name}") for rule, some in cases.items() for case in some]


def test_every_rule_has_cases() -> None:
    """No rule is without a world in which it does not pass, and no case is of a rule that is gone."""
    assert set(RULES) == set(NOT_PASSING)
    assert set(PASSING) <= set(RULES)


@pytest.mark.parametrize("rule", sorted(set(RULES) - NEVER_PASS))
def test_passes_when_configured(rule: str) -> None:
    """When sections 010 to 070 are done, the rule passes."""
    assert {"pass"} == set(kinds(judged(rule)))


@pytest.mark.parametrize(("rule", "case"), listed(PASSING))
def test_passes(rule: str, case: Case) -> None:
    """The rule passes in this world, too."""
    assert case.verdicts == kinds(judged(rule, make_project(**case.project), **case.world))


@pytest.mark.parametrize(("rule", "case"), listed(NOT_PASSING))
def test_does_not_pass(rule: str, case: Case) -> None:
    """The rule gives this verdict in this world."""
    assert case.verdicts == kinds(judged(rule, make_project(**case.project), **case.world))


@pytest.mark.parametrize(("rule", "case"), listed(NOT_PASSING))
def test_says_what_to_do(rule: str, case: Case) -> None:
    """What fails or warns says what was seen, what was expected, and what to do about it."""
    for finding in judged(rule, make_project(**case.project), **case.world):
        if finding.verdict.kind in ("fail", "warn"):
            assert all((finding.seen, finding.expected, finding.remedy))


@pytest.mark.parametrize(
    ("rule", "need"), [pytest.param(rule, need, id=f"{rule.id}: {need}") for rule in ALL_RULES for need in rule.needs]
)
def test_no_verdict_without_its_facts(rule: Rule, need: str) -> None:
    """When a fact that the rule needs was refused, there is no verdict, and the reason is told."""
    facts = observed(world()) | {need: refused(Reason.THROTTLED)}
    (finding,) = evaluate([rule], facts, make_project(), NOW)
    assert finding.verdict == Unseen(Reason.THROTTLED, f"{need}: the account may not read this")


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_fact_that_was_not_read_is_told(rule: Rule) -> None:
    """A fact that nobody asked for is told as not asked, never taken for empty."""
    (finding,) = evaluate([rule], {}, make_project(), NOW)
    assert finding.verdict == Unseen(Reason.NOT_ASKED, f"{rule.needs[0]}: not read in this step")


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_rule_needs_only_what_it_says(rule: Rule) -> None:
    """A rule judges by the facts that it names and by no other."""
    facts = {name: fact for name, fact in observed(world()).items() if name in (*rule.needs, *rule.helps)}
    assert kinds(evaluate([rule], facts, make_project(), NOW)) == kinds(judged(rule.id))


def test_empty_organization_config_is_not_customized() -> None:
    """When Exchange gave no row or no value, nobody has seen that the organisation is not dehydrated (EPT-07)."""
    assert "pass" not in kinds(judged("target-customized", target__organization_config=[]))
    assert "pass" not in kinds(judged("target-customized", target__organization_config={"IsDehydrated": None}))


def test_wrong_secret_leads_to_the_renewal() -> None:
    """When the sign-in service does not know the secret, the remedy is step 070.3 (APP-15)."""
    (finding,) = judged(
        "endpoint-tested",
        target__endpoint_test={"Result": "Failed", "Message": "AADSTS7000215: Invalid client secret."},
    )
    assert finding.remedy_step == "070.3"


def test_expired_secret_leads_to_the_renewal() -> None:
    """When the sign-in service calls the secret expired, the remedy is step 070.3 (APP-15)."""
    (finding,) = judged(
        "endpoint-tested", target__endpoint_test={"Result": "Failed", "Message": "AADSTS7000222: The keys are expired."}
    )
    assert finding.remedy_step == "070.3"


def test_other_refusals_do_not_lead_to_the_renewal() -> None:
    """A refusal that has nothing to do with the secret is no reason to make another one."""
    (finding,) = judged("endpoint-tested", target__endpoint_test={"Result": "Failed", "Message": "Access is denied."})
    assert finding.remedy_step is None


def test_namesake_is_warned_about() -> None:
    """Another application of the same name beside ours is worth a thought and nothing to repair."""
    namesake = dict(world()["target.applications"][0], Id="o2", AppId="k2", UniqueName=None)
    ours = world()["target.applications"][0]
    (finding,) = judged("application-registered", target__applications=[ours, namesake])
    assert ("warn", None) == (finding.verdict.kind, finding.remedy_step)


@pytest.mark.parametrize(
    ("permissions", "consent", "verdict"),
    [
        (["Application.ReadWrite.All"], "person", "pass"),
        (["Application.ReadWrite.All"], "xtmig", "fail"),
        (["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"], "xtmig", "pass"),
        ([], "person", "fail"),
    ],
)
def test_own_application_may_by_its_permissions(permissions: list[str], consent: str, verdict: str) -> None:
    """An operator's application registers with one permission, and needs a second one to consent (wire 4.1, 4.4)."""
    (finding,) = judged(
        "target-may-consent",
        make_project(consent={"target": consent}),
        target__signed_in={"Kind": "application", "Permissions": permissions},
    )
    assert finding.verdict.kind == verdict


@pytest.mark.parametrize("side", ["source", "target"])
def test_missing_permission_is_named(side: str) -> None:
    """What an application lacks is asked for by the permission's name, and what it has is not (PRE-01)."""
    (finding,) = judged(
        f"{side}-may-consent",
        make_project(consent={side: "xtmig"}),
        **application_signed_in(side, "Application.ReadWrite.All"),
    )
    assert "AppRoleAssignment.ReadWrite.All" in finding.remedy
    assert f"{side} tenant" in finding.remedy
    assert "Application.ReadWrite.All" not in finding.remedy


@pytest.mark.parametrize(("permission", "verdict"), [("Application.ReadWrite.All", "pass"), ("User.Read.All", "fail")])
def test_unread_roles_of_an_application_do_not_matter(permission: str, verdict: str) -> None:
    """An application that may not read directory roles is judged by its token all the same (PRE-01)."""
    facts = observed(world(**application_signed_in("target", permission)))
    facts |= {"target.directory_roles": refused()}
    (finding,) = evaluate([RULES["target-may-consent"]], facts, make_project(), NOW)
    assert finding.verdict.kind == verdict


def test_unread_roles_of_a_person_leave_it_open() -> None:
    """A person's token tells nothing of their rights, so unread roles leave no verdict (PRE-01)."""
    facts = observed(world()) | {"target.directory_roles": refused()}
    (finding,) = evaluate([RULES["target-may-consent"]], facts, make_project(), NOW)
    assert isinstance(finding.verdict, Unseen)


def test_waiting_names_the_link() -> None:
    """Who waits for consent can send the link on as it is (CON-04)."""
    (finding,) = judged("source-consent-granted", source__granted_roles=[])
    assert world()["source.consent_link"][0]["Url"] in finding.as_data()["waits_for"]


def test_several_relationships_are_named() -> None:
    """When several relationships hold the partner, all are named, and no step offers to choose (REL-04)."""
    rows = [dict(world()["target.organization_relationships"][0], Identity=name) for name in ("one", "two")]
    (finding,) = judged("target-relationship-found", target__organization_relationships=rows)
    assert ("one, two", None) == (finding.subject, finding.remedy_step)


def test_passing_finding_offers_no_step() -> None:
    """What is right leads to no step."""
    offered = {f.rule: f.remedy_step for rule in RULES for f in judged(rule) if f.verdict.kind == "pass"}
    assert {} == {rule: step for rule, step in offered.items() if step}


def test_unusual_names_of_secrets() -> None:
    """A secret whose name ends in a character that only looks like a digit has no number, and breaks nothing."""
    row = {"DisplayName": "xtmig contoso-moves ²"}
    assert kinds(judged("secret-valid", target__application_credentials=row)) == ["fail"]


def test_mailbox_is_not_unlicensed_blindly() -> None:
    """Where a second mailbox was made, nobody is told to take its licence, which would take its mail (LIC-14)."""
    changes = {
        "target__mail_users": [],
        "target__recipients": {"RecipientTypeDetails": "UserMailbox", "ExchangeGuid": "other"},
        "target__directory_users": {"SkuIds": ["88888888-0000-4000-8000-888888888888"]},
    }
    (finding,) = judged("target-no-early-licence", **changes)
    assert "owner decides" in finding.remedy
    assert "Take its" not in finding.remedy
