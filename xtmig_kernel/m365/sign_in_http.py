"""How msal's own requests are sent: repeated by the policy of every other request (fact F-24).

A token request changes nothing in a tenant, so it may be sent again whatever became of it. Nothing here asks a person:
a prompt stands above these requests and is never repeated by them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from xtmig_kernel.m365.waits import Waits, speaker, unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.project import Side


class SignInHttp:
    """The HTTP client that msal is given.

    Args:
        session: Sends; verifies certificates and has time limits.
        side: The tenant, for sentences.
        clock: Waits between retries.
        tell: Takes one sentence before each wait.
    """

    def __init__(
        self, session: requests.Session, side: Side, clock: Clock, tell: Callable[[str], None] = unheard
    ) -> None:
        self._session = session
        self._side = side
        self._clock = clock
        self._tell = tell

    def post(self, url: str, **given: Any) -> requests.Response:
        """Send a form, after the retries that the policy allows.

        Args:
            url: Where.
            given: What msal gives: params, data, headers.
        """
        return self._send("POST", url, given)

    def get(self, url: str, **given: Any) -> requests.Response:
        """Fetch a document, after the retries that the policy allows.

        Args:
            url: Where.
            given: What msal gives: params, headers.
        """
        return self._send("GET", url, given)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _send(self, method: str, url: str, given: dict[str, Any]) -> requests.Response:
        waits = Waits(self._clock, speaker("login", self._side), self._tell)
        while True:
            try:
                answer = self._session.request(method, url, **given)
            except requests.exceptions.SSLError:
                raise  # a certificate that is not trusted stays so
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if not waits.wait(why="gave no answer"):
                    raise
                continue
            passing = answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            passing = passing or answer.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
            if not (passing and waits.wait(answer.headers.get("Retry-After"))):
                return answer
