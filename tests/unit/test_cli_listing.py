"""What `xtmig approve` lists where thousands of changes wait for an approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel import cli
from xtmig_kernel.runs.proposals import Proposed

if TYPE_CHECKING:
    import pytest


def licence(number: int) -> Proposed:
    title = f"Assign a licence to user{number:05}"
    return Proposed(f"sha256:{number:064x}", "090.2", "target", title, 2, ("POST /users",), "Remove the licence")


def test_thousands_of_changes_are_listed_with_their_sum(capsys: pytest.CaptureFixture[str]) -> None:
    """The first 50 changes are listed; the others are told by their number for each step, and where each stands."""
    cli._show_proposed([licence(number) for number in range(4812)], [])
    shown = capsys.readouterr().out
    assert shown.count("Assign a licence") == 50
    assert "and 4,762 more, 4,812 in all:" in shown
    assert "4,812 changes of level 2 of step 090.2, TARGET" in shown


def test_few_changes_are_listed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Fifty changes are all listed, without a sum."""
    cli._show_proposed([licence(number) for number in range(50)], [])
    shown = capsys.readouterr().out
    assert shown.count("Assign a licence") == 50
    assert "more" not in shown
