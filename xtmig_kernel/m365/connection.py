"""How the three services are reached from here: clock, proxy, and who issued the certificates (facts F-94 and F-95).

Each is asked once without a token; that it refuses is expected, for what counts is the answer's head. What is told is
what was seen: a certificate's issuer, and never what somebody in between may do with it.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.utils import get_environ_proxies, select_proxy

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.m365.http import new_session

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.m365.clouds import Hosts

_SECONDS = 15
_TRIES = 3
"""One connection that broke says nothing of the next one."""

_NO_CONNECTION = "no connection"
_UNTRUSTED = ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError")


def look_at_connections(hosts: Hosts, domain: str, tenant_id: str) -> list[dict[str, Any]]:
    """How sign-in, Graph and Exchange are reached.

    Args:
        hosts: Of the tenant's cloud.
        domain: The tenant's initial domain, for the address that the sign-in service is asked at.
        tenant_id: The tenant's ID, for Exchange's.

    Returns:
        Rows of the table `connections`, one for each service; one that cannot be reached says so in `Problem`.
    """
    places = {
        "sign-in": f"{hosts.login}/{domain}/v2.0/.well-known/openid-configuration",
        "graph": f"{hosts.graph}/v1.0/organization",
        "exchange": f"{hosts.exchange}/AdminApi/v1.0/{tenant_id}/EXOModuleFile",
    }
    with new_session(hosts) as session:
        return [_row(session, service, url) for service, url in places.items()]


def _row(session: requests.Session, service: str, url: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Service": service,
        "Host": urlsplit(url).hostname,
        "SecondsAhead": None,
        "Proxy": _proxy(url) if session.trust_env else None,
        "Issuer": None,
        "Problem": None,
    }
    clock = SystemClock()  # the machine's own, also in practice: sign-ins are judged by it
    for _ in range(_TRIES):
        before = clock.now()
        try:
            with session.get(url, stream=True, allow_redirects=False, timeout=_SECONDS) as answer:
                ahead = _ahead(before, clock.now(), answer.headers.get("Date"))
                return row | {"SecondsAhead": ahead, "Issuer": _issuer(answer), "Problem": None}
        except requests.RequestException as error:
            row["Problem"] = problem_of(error)
        if row["Problem"] != _NO_CONNECTION:
            break
    return row


def problem_of(error: requests.RequestException) -> str:
    """Why a service cannot be reached, as one word of a closed set.

    Args:
        error: What the request raised.

    Returns:
        `untrusted certificate`, `proxy`, `time-out` or `no connection`.
    """
    # OpenSSL names the fault; where the operating system judges, only the exception's type does
    if isinstance(error, requests.exceptions.SSLError) and any(name in repr(error) for name in _UNTRUSTED):
        return "untrusted certificate"
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy"
    return "time-out" if isinstance(error, requests.Timeout) else _NO_CONNECTION


def _proxy(url: str) -> str | None:
    """Host and port of the proxy that the environment or the system names for an address, never its credentials."""
    chosen = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not chosen:
        return None
    parts = urlsplit(chosen if "://" in chosen else f"http://{chosen}")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def _ahead(before: datetime, after: datetime, date: str | None) -> int | None:
    """By how many seconds this machine's clock is ahead of the service's; the header has whole seconds (F-95)."""
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if told.tzinfo is None:
        return None
    if before <= told <= after:
        return 0
    return round((before + (after - before) / 2 - told).total_seconds())


def _issuer(answer: requests.Response) -> str | None:
    """Who issued the certificate that was shown, by organisation or else by common name; None if it was not seen."""
    socket: Any = getattr(getattr(answer.raw, "connection", None), "sock", None)
    shown = socket.getpeercert(binary_form=True) if hasattr(socket, "getpeercert") else None
    if not shown:
        return None
    issuer = x509.load_der_x509_certificate(shown).issuer
    for name in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in issuer.get_attributes_for_oid(name):
            return str(attribute.value)
    return issuer.rfc4514_string() or None
