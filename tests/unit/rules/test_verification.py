"""How a failed test of the endpoint is taken apart (VER-01; failures 2.1, 2.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from core_facts import APP_ID, NOW, OTHER_ID, evaluate, judged, make_project, observed, refused, seen, world
from scope_facts import member
from user_facts import chosen, lara_mail_user, lara_mailbox

from xtmig_kernel.evidence import Finding, Waiting
from xtmig_kernel.rules.causes import markers_in, type_names
from xtmig_kernel.rules.verification import RULES
from xtmig_kernel.runbook.sections.s110_verify import show_tests

LUMP = (
    "Microsoft.Exchange.Migration.MigrationServerConnectionFailedException: The connection to the server "
    "'outlook.office.com' could not be completed. ---> "
    "Microsoft.Exchange.MailboxReplicationService.MRSRemotePermanentException: "
)
OUT_OF_SCOPE = f"{LUMP}Microsoft.Exchange.X.MailboxNotInCrossTenantMigrationScopeException: no"
RELATIONSHIPS = "source__organization_relationships"


def failed(detail: str) -> dict[str, Any]:
    """What a test answers when it fails."""
    return {"Result": "Failed", "Message": "It failed.", "ErrorDetail": detail}


def of_endpoint(detail: str, **changes: Any) -> Finding:
    """The finding about the endpoint's own test."""
    (finding,) = judged("endpoint-verified", target__endpoint_test=failed(detail), **changes)
    return finding


def of_user(detail: str, **changes: Any) -> Finding:
    """The finding about Lara's test."""
    (finding,) = judged("sample-verified", target__migration_tests=failed(detail), **changes)
    return finding


RELATIONSHIP_CAUSES = [
    ({"Enabled": False}, "source-relationship-enabled"),
    ({"MailboxMoveEnabled": False}, "source-relationship-moves"),
    ({"MailboxMoveCapability": ["Inbound"]}, "source-relationship-outbound"),
    ({"OAuthApplicationId": OTHER_ID}, "source-relationship-application"),
    ({"MailboxMovePublishedScopes": []}, "source-relationship-scopes"),
    ([], "source-relationship-found"),
]
CAUSES: list[Any] = [
    *(pytest.param({RELATIONSHIPS: wrong}, rule, "080.4", id=rule) for wrong, rule in RELATIONSHIP_CAUSES),
    pytest.param({"source__scope_members": []}, "scope-members-complete", "080.3", id="not in scope"),
    pytest.param({"source__granted_roles": []}, "source-consent-granted", "060.2", id="no consent"),
]


@pytest.mark.parametrize(("wrong", "rule", "step"), CAUSES)
def test_lump_is_resolved_into_its_cause(wrong: dict[str, Any], rule: str, step: str) -> None:
    """One and the same error leads to the setting that is wrong, and to the step that mends it (failures 2.1 #2)."""
    finding = of_user(f"{LUMP}The source tenant does not authorize mailbox for migration.", **wrong)
    assert (finding.verdict.kind, finding.remedy_step) == ("fail", step)
    assert f"proof: {rule}" in finding.seen


@pytest.mark.parametrize("wrong", [{"MailboxMoveEnabled": False}, {"MailboxMoveCapability": ["RemoteOutbound"]}])
def test_refused_pull_is_the_targets_own_relationship(wrong: dict[str, Any]) -> None:
    """When the target itself refuses to pull, its own relationship is looked at (failures 2.1 #1)."""
    detail = "Microsoft.Exchange.Migration.MigrationPermanentException: nicht erlaubt"
    assert of_user(detail, target__organization_relationships=wrong).remedy_step == "070.5"


def test_the_most_telling_type_decides() -> None:
    """The scope's own exception comes before the general one around it: scope first, relationship after it."""
    finding = of_user(OUT_OF_SCOPE, source__scope_members=[], **{RELATIONSHIPS: {"Enabled": False}})
    assert finding.remedy_step == "080.3"
    assert "proof: scope-members-complete, source-relationship-enabled" in finding.seen


def test_a_code_is_not_taken_for_what_stands_around_it() -> None:
    """With a sign-in code in the answer, a relationship that is not open yet is not the cause (failures 2.1 #5)."""
    finding = of_endpoint(f"{LUMP}AADSTS7000215: Invalid client secret provided.", **{RELATIONSHIPS: []})
    assert finding.remedy_step == "070.3"


@pytest.mark.parametrize("code", ["AADSTS7000215", "AADSTS7000222"])
def test_refused_secret_is_renewed(code: str) -> None:
    """A secret that is wrong or expired leads to the renewal, although the newest one in the application is valid."""
    finding = of_endpoint(f"{LUMP}{code}: x")
    assert (finding.verdict.kind, finding.remedy_step) == ("fail", "070.3")


def test_key_vault_is_named() -> None:
    """The retired key vault shows as a refused scope (failures 2.1 #6)."""
    vault = {"AppSecretKeyVaultUrl": "https://vault.example"}
    assert "endpoint-no-key-vault" in of_endpoint("AADSTS70011: x", target__migration_endpoints=vault).seen


def test_consent_that_is_there_is_waited_for() -> None:
    """A missing consent that both tenants show as given is not effective yet; look again in an hour."""
    finding = of_endpoint(f"{LUMP}AADSTS65001: x")
    assert isinstance(finding.verdict, Waiting)
    assert finding.verdict.until == NOW + timedelta(hours=1)
    assert "change nothing" in finding.verdict.waits_for


@pytest.mark.parametrize(
    "detail", [LUMP, OUT_OF_SCOPE, "x.MigrationPermanentException: x", "Y.ProxyService/OAuth failed"]
)
def test_right_settings_are_waited_for(detail: str) -> None:
    """When every separate check holds, the answer is time and never another setting (failures 2.1 #9)."""
    finding = of_user(detail)
    assert (finding.verdict.kind, finding.remedy_step) == ("waiting", None)
    assert "configured, not yet effective" in finding.seen


@pytest.mark.parametrize("text", ["Ein Fehler ist aufgetreten.", "x.NobodyKnowsItException: x", "AADSTS99999: x"])
def test_unknown_answer_is_shown(text: str) -> None:
    """An answer that nobody has seen before fails, with its text, its exception type, and no claim about a cause."""
    finding = of_user(text)
    assert (finding.verdict.kind, finding.remedy_step) == ("fail", None)
    assert text in finding.seen
    assert all(name in finding.seen for name in type_names(text))
    assert "not known to xtmig" in finding.seen


def test_words_decide_nothing() -> None:
    """The same words without a type name are unknown: they depend on the administrator's language."""
    assert markers_in("The source tenant does not authorize mailbox for migration. Access is denied.") == []


def test_longer_type_is_another_type() -> None:
    """A type that only contains a known name is not that type."""
    assert markers_in("Microsoft.XMigrationPermanentExceptionHandler and OtherMigrationPermanentException") == []


def test_another_users_fault_is_not_the_cause() -> None:
    """When somebody else is outside the scope, that does not explain why Lara's test failed."""
    other = lara_mailbox(ObjectId=OTHER_ID, PrimarySmtpAddress="jo@contoso.com", SmtpAddresses=["jo@contoso.com"])
    users = [chosen(), chosen(SourceAddress="jo@contoso.com", TargetAddress="jo@northwindtraders.com", Line=3)]
    given = {"source__chosen_users": users, "source__mailboxes": [lara_mailbox(), other]}
    assert of_user(OUT_OF_SCOPE, **given).verdict.kind == "waiting"


def test_user_without_target_address_is_known_by_guid() -> None:
    """A user whose target address stands in no line of users.csv is found by the ExchangeGuid."""
    given = {"source__chosen_users": [chosen(TargetAddress="")], "source__scope_members": []}
    assert of_user(OUT_OF_SCOPE, **given).remedy_step == "080.3"


@pytest.mark.parametrize("name", ["MigrationRecipientNotFoundException", "ManagementObjectNotFoundException"])
def test_user_that_is_not_found(name: str) -> None:
    """A user whom the test does not find is not prepared, or was made a moment ago (failures 2.2 #19)."""
    gone = of_user(f"x.{name}: x", target__mail_users=[lara_mail_user(ExchangeGuid=None)])
    assert "proof: sample-by-target-address" in gone.seen
    assert of_user(f"x.{name}: x").verdict.kind == "waiting"


def test_endpoint_comes_before_its_users() -> None:
    """When the endpoint's own test fails too, a user's finding sends the reader there first."""
    (finding,) = judged(
        "sample-verified",
        target__migration_tests=failed("AADSTS7000215: x"),
        target__endpoint_test=failed("AADSTS7000215: x"),
    )
    assert finding.remedy.startswith("The endpoint itself fails, so step 110.1 comes first.")
    assert "110.1" not in of_user("AADSTS7000215: x").remedy


def test_what_was_not_seen_is_never_waited_for() -> None:
    """When the source was not read, nobody can say that every setting is right."""
    facts = observed(world(target__migration_tests=failed(LUMP))) | {RELATIONSHIPS.replace("__", "."): refused()}
    rule = next(rule for rule in RULES if rule.id == "sample-verified")
    (finding,) = evaluate([rule], facts, make_project(), NOW)
    assert finding.verdict.kind == "fail"
    assert "could not be judged" in finding.seen


def test_success_needs_nothing_else() -> None:
    """A success is a success, whatever else could not be read."""
    for rule in RULES[:2]:
        facts = {name: fact for name, fact in observed(world()).items() if name in rule.needs}
        assert [f.verdict.kind for f in evaluate([rule], facts, make_project(), NOW)] == ["pass"]


def test_table_of_the_tests() -> None:
    """The report shows one line for each test: result, cause, and the rules that prove it."""
    tables = world(target__migration_tests=failed(OUT_OF_SCOPE), source__scope_members=[member(ObjectId=OTHER_ID)])
    (exhibit,) = show_tests(seen(tables), make_project())
    assert exhibit.columns == ("Test", "Result", "Cause", "Proof")
    assert exhibit.rows[0] == ("xtmig-contoso-moves", "Success", "", "")
    address, result, cause, proof = exhibit.rows[1]
    assert (address, result, proof) == ("Lara.Newton@northwindtraders.com", "Failed", "scope-members-complete")
    assert "Lara.Newton@contoso.com" in str(cause)


def test_preflight_names_what_to_do() -> None:
    """A check that does not hold is named with the step that mends it (VER-03)."""
    (finding,) = judged("preflight-clean", source__scope_members=[])
    assert (finding.subject, finding.remedy_step) == ("scope-members-complete", "080.3")


def test_wrong_application_of_an_endpoint() -> None:
    """An unknown application leads to the endpoint that names it (failures 2.1 #7)."""
    given = {"target__migration_endpoints": {"ApplicationId": OTHER_ID}}
    finding = of_endpoint(f"AADSTS700016: application {OTHER_ID} was not found", **given)
    assert "proof: endpoint-application" in finding.seen
    assert APP_ID not in finding.seen.partition("(cause")[0]
