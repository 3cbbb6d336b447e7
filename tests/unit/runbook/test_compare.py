from __future__ import annotations

from typing import Any

import pytest

from xtmig_kernel.runbook.compare import differences, holds

SAME: list[tuple[Any, Any]] = [
    ("Contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
    (["b", "a"], ["A", "b"]),
    (("a",), ["a"]),
    ("2027-05-22T00:00:00Z", "2027-05-22T00:00:00.0000000+00:00"),
    (None, None),
    (True, True),
]
OTHER: list[tuple[Any, Any]] = [
    ("a", "b"),
    (["a"], ["a", "b"]),
    ([], None),
    (None, ""),
    (False, None),
    ("2027-05-22T00:00:00Z", "2027-05-22T00:00:01Z"),
]


@pytest.mark.parametrize(("there", "wanted"), SAME)
def test_same_values(there: Any, wanted: Any) -> None:
    """Case, the order of a list and the spelling of a time make no difference."""
    assert holds({"x": there, "more": 1}, {"x": wanted})


@pytest.mark.parametrize(("there", "wanted"), OTHER)
def test_other_values(there: Any, wanted: Any) -> None:
    """Everything else does: a value more, nothing for empty, a second."""
    assert not holds({"x": there}, {"x": wanted})


def test_x500_addresses_are_compared_byte_for_byte() -> None:
    """Behind the prefix nothing may differ, not even the case: replies to old mail depend on it (USR-07, USR-29)."""
    assert holds({"x": ["X500:/o=A/cn=b"]}, {"x": ["x500:/o=A/cn=b"]})
    assert not holds({"x": ["x500:/o=A/cn=B"]}, {"x": ["x500:/o=A/cn=b"]})
    assert not holds({"x": ["x500:/o=A/cn=b "]}, {"x": ["x500:/o=A/cn=b"]})


def test_absence_is_a_state() -> None:
    """An absent object is as wanted only where absence is wanted."""
    assert holds(None, None)
    assert differences(None, {"x": 1}) == ["it does not exist"]
    assert differences({"x": 1}, None) == ["it exists"]


def test_differences_are_named() -> None:
    """What differs is told with what is there and what was expected."""
    assert differences({"x": ["a"], "y": None}, {"x": [], "y": 1}) == ["x is a, not empty", "y is empty, not 1"]
