from __future__ import annotations

import inspect
import re

import pytest

from xtmig_kernel import errors
from xtmig_kernel.errors import AccessDenied, StalePlanError, XtmigError, step_context


def drawn_tree() -> dict[str, tuple[str, int | None]]:
    """Class to (parent, exit code that stands on its line), as the module's docstring draws them."""
    tree: dict[str, tuple[str, int | None]] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():
        found = re.match(r"\s*((?:[│ ]   )*)(?:[├└]── )(\w+)(.*)", line)
        if re.fullmatch(r"\s+XtmigError", line):
            path = ["XtmigError"]
        elif found:
            depth = len(found[1]) // 4 + 1
            path = [*path[:depth], found[2]]
            code = re.search(r"exit (\d)", found[3])
            tree[found[2]] = (path[-2], int(code[1]) if code else None)
    return tree


def test_docstring_draws_every_error() -> None:
    """The tree in the docstring of `errors` holds exactly the classes of the module, under their parents."""
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, XtmigError) and kind is not XtmigError
    }
    assert classes == {name: parent for name, (parent, _) in drawn_tree().items()}


def test_docstring_tells_every_exit_code() -> None:
    """Where a class ends a run with another exit code than its parent, the tree says so."""
    told = drawn_tree()
    expected = {
        name: code if code is not None else getattr(errors, parent).exit_code for name, (parent, code) in told.items()
    }
    assert expected == {name: getattr(errors, name).exit_code for name in told}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("XtmigError", 1),
        ("UsageError", 2),
        ("StalePlanError", 3),
        ("ApprovalError", 4),
        ("NotYetAccepted", 4),
        ("AccessDenied", 5),
        ("Unavailable", 5),
    ],
)
def test_exit_codes(kind: str, code: int) -> None:
    """The exit code tells a scheduler whether input, a check, a person or an observation was the trouble."""
    assert code == getattr(errors, kind).exit_code


def test_message_names_side_step_and_subject() -> None:
    """An error reads: where, what, why, what to do."""
    error = XtmigError(
        "it is gone", side="target", step="070.2", subject="endpoint x", cause="removed", remedy="Plan again."
    )
    assert str(error) == "TARGET 070.2 endpoint x: it is gone\nWhy: removed\nWhat to do: Plan again."


def test_context_adds_what_only_the_caller_knows() -> None:
    """An error raised inside `step_context` carries side, step and subject."""
    with pytest.raises(AccessDenied) as caught, step_context(side="source", step="060.2", subject="the grant"):
        raise AccessDenied("no")
    assert (caught.value.side, caught.value.step, caught.value.subject) == ("source", "060.2", "the grant")


def test_context_never_overwrites() -> None:
    """What an error says of itself is worth more than what its context says."""
    with pytest.raises(StalePlanError) as caught, step_context(side="source", step="060.2"):
        raise StalePlanError("no", side="target")
    assert (caught.value.side, caught.value.step) == ("target", "060.2")


def test_context_leaves_other_errors_alone() -> None:
    """A fault of the program passes through as it is."""
    with pytest.raises(KeyError), step_context(side="source"):
        raise KeyError("x")


def test_service_error_shows_both_ids() -> None:
    """The words of a service's error end with the service's id of the request and ours."""
    error = AccessDenied("no", remedy="Ask.", request_id="r-1", client_request_id="c-1")
    assert str(error).endswith("What to do: Ask.\nRequest ids for a support case: r-1, client-request-id c-1")


def test_service_error_keeps_the_request_id() -> None:
    """The data of a service's error holds what a support case asks for."""
    data = AccessDenied("no", exception_type="X.Y", request_id="r-1", status=403).as_data()
    assert (data["type"], data["exception_type"], data["request_id"], data["status"]) == (
        "AccessDenied",
        "X.Y",
        "r-1",
        403,
    )
