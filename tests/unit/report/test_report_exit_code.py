from __future__ import annotations

import pytest
from report_story import Book, create_application, create_endpoint, extend_relationship, grant_consent

from xtmig_kernel.project import Approvals, load_project
from xtmig_kernel.report import exit_code, summary


def told(book: Book):
    return summary(
        book.ledger.entries(),
        run=book.run_id,
        project=load_project(book.folder),
        approvals=Approvals(),
        waivers=(),
    )


def test_everything_verified_is_zero(book: Book) -> None:
    """A change that was made and read back, and a rule that then passes, end a run with 0."""
    book.plan(create_endpoint(), step="070.2", title="Create the migration endpoint")
    book.make(create_endpoint())
    book.find("pass")
    book.end_step("070.2", "Create the migration endpoint", "applied")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 0
    assert result.answer == "Section 070 is done and verified: 1 change was made, 1 check passed"


def test_completely_made_plan_is_zero(open_book) -> None:
    """A plan of everything that is still wrong ends with 0, and says that nothing was changed."""
    book = open_book("run-1")
    book.start("070", "Target: endpoint and relationship", mode="plan")
    book.find("fail", phase="look", remedy_step="070.2")
    book.plan(create_endpoint(), step="070.2", title="Create the migration endpoint")
    book.find("fail", phase="verify", remedy_step="070.2")
    book.end_step("070.2", "Create the migration endpoint", "planned", "1 change planned")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 0
    assert result.answer == "The plan of section 070 is completely made: 1 change planned; nothing was changed"


def test_run_that_looked_at_nothing_claims_nothing(book: Book) -> None:
    """A run without a finding and without a change does not say that anything is right."""
    book.end("070")
    assert told(book).answer == "Nothing was checked in section 070, and nothing was changed"


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        (("070",), "Section 070 is"),
        (("060", "070"), "Sections 060 and 070 are"),
        (("050", "060", "070"), "Sections 050, 060 and 070 are"),
    ],
)
def test_answer_names_what_was_asked(open_book, sections: tuple[str, ...], named: str) -> None:
    """A run of some sections claims nothing about the others."""
    book = open_book("run-1")
    book.ask(*sections, whole=False)
    book.start("070", "Target: endpoint and relationship")
    book.make(create_endpoint())
    book.find("pass")
    book.end("070")
    assert told(book).answer == f"{named} done and verified: 1 change was made, 1 check passed"


@pytest.mark.parametrize(
    ("whole", "answer"),
    [
        (True, "Both tenants are as they should be, as far as this run looked: 1 check passed; nothing was changed"),
        (False, "What section 070 looks at is as it should be: 1 check passed; nothing was changed"),
    ],
)
def test_unchanged_tenants_are_told(open_book, whole: bool, answer: str) -> None:
    """Only a run of the whole runbook speaks of both tenants as a whole."""
    book = open_book("run-1")
    book.ask("070", whole=whole)
    book.start("070", "Target: endpoint and relationship")
    book.find("pass")
    book.end("070")
    assert told(book).answer == answer


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        ("pass", "Everything asked is done and verified: 1 change was made, 1 check passed"),
        ("fail", "1 check failed; 1 change was made"),
    ],
)
def test_whole_runbook_needs_no_name(open_book, verdict: str, answer: str) -> None:
    """The answer of a run of everything lists no sections."""
    book = open_book("run-1")
    book.ask("050", "060", "070", whole=True)
    book.start("070", "Target: endpoint and relationship")
    book.make(create_endpoint())
    book.find(verdict)
    book.end("070")
    assert told(book).answer == answer


def comes_later(open_book, *, mode: str, planned_first: bool) -> Book:
    """A run of 060 whose step needs 050.1 first."""
    book = open_book("run-1")
    book.start("060", "Consent", mode=mode)
    if planned_first:
        book.plan(create_application(), step="050.1", title="Create the migration application")
        book.end_step("050.1", "Create the migration application", "planned")
    book.find("fail", step="060.1", remedy_step="050.1")
    book.end_step("060.1", "Consent in the target tenant", "later", "needs step 050.1 first")
    book.end("060")
    return book


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_what_another_step_must_precede_is_four(open_book, mode: str) -> None:
    """A run whose steps all come later has neither planned nor verified anything, and names what comes first."""
    result = told(comes_later(open_book, mode=mode, planned_first=False))
    assert exit_code(result) == 4
    assert result.answer == (
        "No check of section 060 failed; the run waits for step 050.1, which comes first; nothing was changed"
    )
    assert ["060.1"] == [item.step for item in result.open_items]


def test_plan_of_what_comes_first_completes_a_plan(open_book) -> None:
    """Where the same run has planned what comes first, the plan is completely made."""
    result = told(comes_later(open_book, mode="plan", planned_first=True))
    assert exit_code(result) == 0
    assert ["050.1"] == [item.step for item in result.open_items]


def preflight(open_book, *, holds: bool) -> Book:
    """A run in which 040 comes before the application is there; 050 registers it, and judges the same rule again."""
    book = open_book("run-1")
    book.start("040", "Assess")
    book.find("fail", "application-registered", "the application", step="040.1", remedy_step="050.1")
    book.end_step("040.1", "Read both tenants", "later", "needs step 050.1 first")
    book.end("040")
    book.start("050", "Target: migration application")
    verdict = "pass" if holds else "fail"
    book.find(
        verdict, "application-registered", "the application", step="050.1", remedy_step=None if holds else "050.1"
    )
    book.end_step("050.1", "Create the migration application", "applied" if holds else "waiting")
    book.end("050")
    return book


def test_what_the_same_run_has_mended_since_waits_for_nothing(open_book) -> None:
    """What the preflight found to do, and a later step of the run has done and verified, needs no second run."""
    assert exit_code(told(preflight(open_book, holds=True))) == 0


def test_what_is_still_to_do_waits(open_book) -> None:
    """What the preflight found to do, and still does not hold where it is judged again, is waited for."""
    assert exit_code(told(preflight(open_book, holds=False))) == 4


def test_unforeseen_error_is_one(book: Book) -> None:
    """An error of a type that is not in the tree of errors is unexpected."""
    book.problem("ZeroDivisionError", "division by zero")
    book.end_step("070.2", "Create the migration endpoint", "failed")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 1
    assert result.answer == "The run of section 070 broke off: division by zero; nothing was changed"


def test_change_without_outcome_is_one(book: Book) -> None:
    """An intent whose outcome was never written means that the run broke off in the middle of a change."""
    book.intend(create_endpoint())
    result = told(book)
    assert exit_code(result) == 1
    assert [change.outcome for change in result.changes] == ["unknown"]


def test_batch_section_that_never_ended_is_one(book: Book) -> None:
    """A section of a batch that was opened and left neither an end nor an error was cut off."""
    book.find("pass")
    assert exit_code(told(book)) == 1


def test_open_notebook_of_a_person_is_no_error(open_book) -> None:
    """A person's notebook may stay open; its section has no end yet."""
    book = open_book("run-1")
    book.start("070", "Target: endpoint and relationship", mode="interactive")
    book.find("pass")
    assert exit_code(told(book)) == 0


def test_unusable_input_is_two(book: Book) -> None:
    """A project file that cannot be used is wrong usage."""
    book.problem("ProjectFileError", "project.yaml: target: this key is missing", step=None)
    book.end("070")
    result = told(book)
    assert exit_code(result) == 2
    assert result.answer == (
        "The run of section 070 could not begin its work: project.yaml: target: this key is missing; "
        "nothing was changed"
    )


def test_failed_check_is_three(book: Book) -> None:
    """A rule that fails after everything was tried ends the run with 3."""
    book.find("fail")
    book.end_step("070.2", "Create the migration endpoint", "applied")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 3
    assert result.answer == "1 check of section 070 failed; nothing was changed"


def test_refused_change_is_three(book: Book) -> None:
    """A change that the service refused was not completed."""
    book.make(create_endpoint(), "failed", error="the service refused")
    book.end("070")
    assert exit_code(told(book)) == 3


def test_waiting_is_four(book: Book) -> None:
    """A setting that Microsoft needs hours for is waited for, until the time that the verdict names."""
    book.find("waiting", waits_for="Microsoft", until="2026-11-23T18:00:00Z")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 4
    assert result.answer == (
        "No check of section 070 failed; the run waits for Microsoft, look again at 23 Nov 2026, 18:00:00 UTC; "
        "nothing was changed"
    )


def test_missing_approval_is_four(book: Book) -> None:
    """A change whose approval is missing waits for the approver, and its failing check with it."""
    book.plan(grant_consent(), step="060.1", title="Grant consent")
    book.refuse_approval(grant_consent())
    book.find("fail", "consent.target", "Mailbox.Migration", step="060.1", remedy_step="060.1")
    book.end_step("060.1", "Grant consent", "waiting", "an approval is missing", waits_for="an approver")
    book.end("070", 4)
    result = told(book)
    assert exit_code(result) == 4
    assert "waits for an approval" in result.answer
    assert [actor.who for actor in result.actors] == ["approver"]


def test_unsigned_manual_is_four(book: Book) -> None:
    """What only a person can say waits for that person's word."""
    book.find("manual", instruction="Confirm.", signed_by=None)
    book.end("070")
    assert exit_code(told(book)) == 4


def test_signed_manual_is_zero(book: Book) -> None:
    """A person's word that was given is nothing to wait for."""
    book.find("manual", instruction="Confirm.", signed_by="Nestor Wilke")
    book.end("070")
    assert exit_code(told(book)) == 0


@pytest.mark.parametrize("reason", ["denied", "timed out", "throttled", "offline"])
def test_unobserved_is_five(book: Book, reason: str) -> None:
    """A read that gave nothing is neither a pass nor a failure, whatever the reason."""
    book.find("not_observed", reason=reason, detail="no answer")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 5
    assert result.answer == (
        "No check of section 070 failed, but one thing could not be observed, so nothing is claimed about that; "
        "nothing was changed"
    )


def test_unread_table_without_a_rule_is_five(book: Book) -> None:
    """A table that was asked for and did not answer counts, even if no rule speaks of it."""
    book.refused_read("target.applications", "timed out", "no answer in 60 s")
    book.end("070")
    assert exit_code(told(book)) == 5


@pytest.mark.parametrize(
    ("speaking", "expected"),
    [
        (("unexpected", "usage", "fail", "unseen", "waiting"), 1),
        (("usage", "fail", "unseen", "waiting"), 2),
        (("fail", "unseen", "waiting"), 3),
        (("unseen", "waiting"), 5),
        (("waiting",), 4),
    ],
)
def test_order_of_exit_codes(book: Book, speaking: tuple[str, ...], expected: int) -> None:
    """Of several exit codes the first of 1, 2, 3, 5, 4 applies."""
    for one in speaking:
        if one == "unexpected":
            book.problem("KeyError", "a key", step="070.8")
        elif one == "usage":
            book.problem("UsageError", "a word", step="070.9")
        elif one == "fail":
            book.find("fail", "a.rule")
        elif one == "unseen":
            book.find("not_observed", "b.rule", reason="denied", detail="no right")
        else:
            book.find("waiting", "c.rule", waits_for="Microsoft", until=None)
    book.end("070")
    assert expected == exit_code(told(book))


def test_later_finding_wins(book: Book) -> None:
    """The last evaluation of a rule for a subject is the one that counts, in both directions."""
    book.find("fail", "a.rule", phase="look")
    book.find("pass", "b.rule", phase="look")
    book.find("pass", "a.rule")
    book.find("fail", "b.rule")
    book.end("070")
    result = told(book)
    assert (result.run.tally["pass"], result.run.tally["fail"]) == (1, 1)
    assert {one.rule: one.verdict for one in result.findings} == {"a.rule": "pass", "b.rule": "fail"}


def test_one_side_never_hides_the_other(book: Book) -> None:
    """A pass in one tenant leaves a failure of the same rule and name in the other tenant standing."""
    book.find("fail", "relationship.enabled", "xtmig-northwind", side="source")
    book.find("pass", "relationship.enabled", "xtmig-northwind", side="target")
    book.end("070")
    assert exit_code(told(book)) == 3


def test_problem_of_a_step_that_ended_well_later_is_settled(book: Book) -> None:
    """An error is settled once its step has ended otherwise in the same run."""
    book.problem("Throttled", "too many requests")
    book.end_step("070.2", "Create the migration endpoint", "failed")
    book.end_step("070.2", "Create the migration endpoint", "no change")
    book.find("pass")
    book.end("070")
    result = told(book)
    assert exit_code(result) == 0
    assert [problem.resolved for problem in result.problems] == [True]


def test_error_outside_of_a_step_is_settled_by_the_next_whole_run_of_its_section(open_book) -> None:
    """What ended a notebook between its steps is left to do until that section has run to its end, and not longer."""
    first = open_book("run-1")
    first.start("160", "Cutover")
    first.problem("UndefinedError", "a card could not be drawn", step=None)
    assert [item.what for item in told(first).open_items] == ["a card could not be drawn"]
    other = open_book("run-2")
    other.start("150", "The day before")
    other.end("150")
    assert [problem.resolved for problem in told(other).problems] == [False]
    again = open_book("run-3")
    again.start("160", "Cutover")
    again.end("160")
    result = told(again)
    assert [problem.resolved for problem in result.problems] == [True]
    assert not result.open_items


def test_only_this_run_counts_for_the_exit_code(open_book) -> None:
    """What an earlier run found stays in the report, and does not fail this run."""
    first = open_book("run-1")
    first.start("050", "Target: migration application")
    first.find("fail", "application.exists", "app", step="050.1")
    first.end("050", 3)
    second = open_book("run-2")
    second.start("070", "Target: endpoint and relationship")
    second.find("pass")
    second.end("070")
    result = told(second)
    assert exit_code(result) == 0
    assert result.tally["fail"] == 1
    assert result.run.tally["fail"] == 0


def test_last_outcome_of_a_change_counts(book: Book) -> None:
    """A change that failed and was made later is listed once, as made."""
    book.make(create_application(), "failed", error="no answer")
    book.make(create_application())
    book.end_step("050.1", "Create the migration application", "applied")
    book.end("070")
    result = told(book)
    assert [change.outcome for change in result.changes] == ["read back"]
    assert exit_code(result) == 0


def test_change_found_done_is_told(book: Book) -> None:
    """What the door found done already is listed, though it was never begun."""
    book.plan(extend_relationship(), step="070.3", title="Extend the relationship")
    data = {"intent": None, "change": extend_relationship().hash, "result": "found done", "error": None}
    book.ledger.append("outcome", {**data, "request_ids": [], "warnings": []}, step="070.3")
    book.end_step("070.3", "Extend the relationship", "applied")
    book.end("070")
    assert [change.outcome for change in told(book).changes] == ["found done"]
