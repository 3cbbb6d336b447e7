"""Tokens that end while a long list is read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from simulator_process import running_simulator
from test_against_simulator import SECRETS, connected, project

from xtmig_kernel.simulator import generate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.deep

MAILBOXES = 20_000
PAGES = 20
TOKEN_SECONDS = 60
SEED = "6"


def test_no_page_is_lost_where_tokens_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 mailboxes, tokens of a minute, a read of several minutes: every mailbox is read once, none twice (F-24).

    Each page takes three seconds or more. Twice the service asks to wait for longer than a token lasts, so that the
    page is asked for again with a token that has ended, refused, and asked for once more with a new one.
    """
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    source = generate.pair(MAILBOXES, SEED).source
    (operator,) = (application.app_id for application in source.applications)
    options = ("--mailboxes", str(MAILBOXES), "--seed", SEED, "--token-seconds", str(TOKEN_SECONDS))
    with running_simulator(*options, "--latency-ms", "3000", environment=SECRETS) as simulator:
        tenant = connected(project(simulator, tmp_path, source=operator), "source")
        busy = {"service": "exo", "cmdlet": "Get-Mailbox", "kind": "throttled", "retry_after": TOKEN_SECONDS + 3}
        for nth in (3, 12):
            simulator.control("POST", "/inject", {**busy, "nth": nth})
        rows = tenant.exchange.invoke("Get-Mailbox", {"ResultSize": "Unlimited"}).rows
        statuses = Counter(line["status"] for line in simulator.record() if line["cmdlet"] == "Get-Mailbox")
        tokens = [line for line in simulator.record() if line["path"].endswith("/token")]
    expected = Counter(mailbox.primary.lower() for mailbox in source.mailboxes)
    assert Counter(row["PrimarySmtpAddress"].lower() for row in rows) == expected
    assert statuses == {200: PAGES, 429: 2, 401: 2}
    assert len(tokens) > 3
