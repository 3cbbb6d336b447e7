"""Refusals of the sign-in service, with Microsoft's AADSTS numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import guid

if TYPE_CHECKING:
    from datetime import datetime

# error code and HTTP status by AADSTS number (public Entra documentation [MEM]; 90002 wire 4.10, 7000215, 700016,
# 65001, 70011 and 500113 failures 2.1)
_KINDS: dict[int, tuple[str, int]] = {
    90002: ("invalid_request", 400),
    900144: ("invalid_request", 400),
    50011: ("invalid_request", 400),
    500113: ("invalid_request", 400),
    50034: ("invalid_grant", 400),
    50097: ("invalid_grant", 400),
    53003: ("invalid_grant", 400),
    65001: ("invalid_grant", 400),
    65002: ("invalid_grant", 400),
    65004: ("access_denied", 400),
    70000: ("invalid_grant", 400),
    70008: ("invalid_grant", 400),
    70011: ("invalid_scope", 400),
    28000: ("invalid_scope", 400),
    650053: ("invalid_scope", 400),
    500011: ("invalid_resource", 400),
    70003: ("unsupported_grant_type", 400),
    70016: ("authorization_pending", 400),
    70018: ("bad_verification_code", 400),
    70019: ("expired_token", 400),
    70020: ("expired_token", 400),
    700016: ("unauthorized_client", 400),
    700025: ("invalid_client", 401),
    700027: ("invalid_client", 401),
    7000215: ("invalid_client", 401),
    7000218: ("invalid_client", 401),
    7000222: ("invalid_client", 401),
    7000229: ("unauthorized_client", 400),
    501481: ("invalid_grant", 400),
}


class SignInRefused(Exception):
    """Sign-in says no.

    Args:
        number: The AADSTS number.
        text: The reason, without the number.
        error: OAuth error code, where it differs from the number's usual one.
    """

    def __init__(self, number: int, text: str, error: str | None = None) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.number = number
        kind, self.status = _KINDS[number]
        self.error = error or kind

    def answer(self, now: datetime, request_id: str) -> Answer:
        """The refusal as the token endpoint sends it.

        Args:
            now: Time to print.
            request_id: What the trace and correlation ids are derived from.
        """
        trace, correlation = guid(request_id, "trace"), guid(request_id, "correlation")
        stamp = iso(now)
        description = f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp.replace('T', ' ')}"
        return Answer(
            self.status,
            {
                "error": self.error,
                "error_description": description,
                "error_codes": [self.number],
                "timestamp": stamp.replace("T", " "),
                "trace_id": trace,
                "correlation_id": correlation,
            },
        )
