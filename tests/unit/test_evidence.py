from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from core_facts import NOW, refused

from xtmig_kernel.evidence import (
    Failed,
    Finding,
    Manual,
    NoObservationError,
    Observed,
    Passed,
    Reason,
    Skipped,
    Unseen,
    Verdict,
    Waiting,
    Waived,
    Warned,
)

READ = Observed((), NOW, "Get-MigrationEndpoint")


def finding(verdict: Verdict) -> dict[str, Any]:
    return Finding("r", "It holds", ("EPT-06",), "target", "endpoint", verdict, "a", "b", "c", "070.2").as_data()


@pytest.mark.parametrize("kind", [Passed, Failed, Warned])
def test_no_judgement_without_observation(kind: type[Passed | Failed | Warned]) -> None:
    """Nothing is called right, wrong or doubtful without an observation."""
    with pytest.raises(NoObservationError):
        kind(())


@pytest.mark.parametrize("kind", [Passed, Failed, Warned])
def test_refusal_is_no_observation(kind: type[Passed | Failed | Warned]) -> None:
    """A refused read beside a good one does not make a judgement."""
    with pytest.raises(NoObservationError):
        kind((READ, refused()))  # type: ignore[arg-type]


def test_empty_list_is_an_observation() -> None:
    """That really nothing is there was seen, and may be judged."""
    assert Failed((READ,)).observations == (READ,)


def test_judgement_names_its_reads() -> None:
    """A judged finding says which call read what it is judged by, and when."""
    assert finding(Passed((READ,)))["observed"] == [{"source": "Get-MigrationEndpoint", "at": "2026-11-23T09:30:00Z"}]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Unseen(Reason.TIMED_OUT, "no answer"), {"reason": "timed out", "detail": "no answer"}),
        (Waiting("Microsoft", NOW), {"waits_for": "Microsoft", "until": "2026-11-23T09:30:00Z"}),
        (Waiting("an administrator", None), {"waits_for": "an administrator", "until": None}),
        (Manual("look", "lara"), {"instruction": "look", "signed_by": "lara"}),
        (Skipped("no such thing"), {"reason": "no such thing"}),
        (
            Waived("known", "lara", date(2027, 1, 31)),
            {"reason": "known", "owner": "lara", "until": "2027-01-31"},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_verdict_as_data(verdict: Verdict, expected: dict[str, Any]) -> None:
    """Each verdict puts its own particulars into the finding's data."""
    data = finding(verdict)
    assert expected == {key: data[key] for key in expected}


def test_names_of_verdicts() -> None:
    """A reader of the report meets exactly these verdicts."""
    kinds = {kind.kind for kind in (Passed, Failed, Warned, Unseen, Waiting, Manual, Skipped, Waived)}
    assert kinds == {"pass", "fail", "warn", "not_observed", "waiting", "manual", "skipped", "waived"}
