"""The sign-in service fails for a moment: its requests are sent again, and no person is asked twice."""

from __future__ import annotations

import threading
import webbrowser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from canned_reads import BY_SECRET
from canned_wire import Answer, Login, NotingClock, project

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import SignInError, Unavailable
from xtmig_kernel.m365 import SignIn

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.m365 import Hosts

BUSY = {"error": "temporarily_unavailable", "error_description": "AADSTS90055: words"}
PASSING = [
    Answer(429, BUSY, {"Retry-After": "3.5"}),
    Answer(408),
    Answer(500, b"<html>"),
    Answer(502),
    Answer(503, BUSY),
    Answer(504),
    Answer(drop=True),
]


@pytest.fixture(autouse=True)
def set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a window; the application's secret is at hand."""
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")


class Person:
    """Who is shown codes and links."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def show(self, _: str, url: str) -> None:
        """Take note."""
        self.shown.append(url)


class Signing:
    """The target's sign-in, what it waits for and what it says."""

    def __init__(self, hosts: Hosts, folder: Path, **settings: Any) -> None:
        self.clock, self.person, self.told = NotingClock(), Person(), list[str]()
        self.sign_in = SignIn(
            project(folder, **settings), "target", hosts, redactor=Redactor(), show=self.person.show,
            clock=self.clock, tell=self.told.append,
        )  # fmt: skip


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: "reset" if fault.drop else str(fault.status))
def test_a_passing_fault_is_asked_again(hosts: Hosts, tmp_path: Path, application_login: Login, fault: Answer) -> None:
    """F-24: after 408, 429, 5xx or a broken connection the token is asked for again, for nothing is changed by it."""
    application_login.faults.append(fault)
    signing = Signing(hosts, tmp_path, **BY_SECRET)
    assert signing.sign_in.token("graph") == application_login.given[0]
    assert (2, 1) == (len(application_login.asked("/token")), len(signing.clock.waits))


def test_the_wait_that_is_asked_for_is_told(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-24: Retry-After of the sign-in service is obeyed and told."""
    application_login.faults.append(PASSING[0])
    signing = Signing(hosts, tmp_path, **BY_SECRET)
    signing.sign_in.token("graph")
    assert [3.5] == signing.clock.waits
    assert signing.told == ["The sign-in service of the target asked us to wait 4 s (try 2 of 6)"]


def test_six_tries_and_no_more(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-24: after five retries the fault is told."""
    application_login.faults.extend([Answer(503)] * 9)
    with pytest.raises(Unavailable, match="sign-in service of the target"):
        Signing(hosts, tmp_path, **BY_SECRET).sign_in.token("graph")
    assert 6 == len(application_login.asked("/token"))


def test_a_refusal_is_not_asked_again(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-25: a refusal is an answer; it is asked for once, and nobody waits."""
    application_login.refusals.append({"error": "invalid_client", "error_description": "AADSTS7000215: words"})
    signing = Signing(hosts, tmp_path, **BY_SECRET)
    with pytest.raises(SignInError):
        signing.sign_in.token("graph")
    assert (1, []) == (len(application_login.asked("/token")), signing.clock.waits)


@pytest.mark.parametrize("fault", [Answer(429, BUSY), Answer(503, BUSY), Answer(drop=True)])
def test_a_code_is_shown_once(hosts: Hosts, tmp_path: Path, person_login: Login, fault: Answer) -> None:
    """F-24: while the token of a device code is fetched again, no second code is shown."""
    person_login.faults.append(fault)
    signing = Signing(hosts, tmp_path, method="device_code")
    assert signing.sign_in.token("exchange") == person_login.given[0]
    assert (1, 1) == (len(signing.person.shown), len(person_login.asked("/devicecode")))


def test_a_browser_is_opened_once(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-24: while the token of a browser's sign-in is fetched again, no second page is shown."""
    person_login.faults.append(Answer(503, BUSY))
    signing = Signing(hosts, tmp_path)

    def accept(message: str, url: str) -> None:
        Person.show(signing.person, message, url)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        person_login.nonce = asked.get("nonce")
        back = {"code": "a-code", "state": asked["state"]}
        threading.Thread(target=requests.post, args=(asked["redirect_uri"], back), kwargs={"timeout": 5}).start()

    signing.person.show = accept  # type: ignore[method-assign]
    signing.sign_in._show = accept
    assert signing.sign_in.token("exchange") == person_login.given[0]
    assert 1 == len(signing.person.shown)
