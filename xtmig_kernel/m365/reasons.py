"""Why a read gave nothing, in the closed set that reports use. Pure."""

from __future__ import annotations

from http import HTTPStatus

from xtmig_kernel.errors import AccessDenied, ServiceError, SignInError, Throttled, Unavailable
from xtmig_kernel.evidence import Reason
from xtmig_kernel.m365.http import TimedOut

_TIME_OUTS = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT)


def as_reason(error: ServiceError | SignInError) -> Reason:
    """The reason that an error is for not having observed something.

    Args:
        error: What a read raised.
    """
    if isinstance(error, (SignInError, AccessDenied)):
        return Reason.DENIED
    if isinstance(error, Throttled):
        return Reason.THROTTLED
    if isinstance(error, TimedOut) or error.status in _TIME_OUTS:
        return Reason.TIMED_OUT
    if isinstance(error, Unavailable):
        return Reason.OFFLINE
    return Reason.UNSUPPORTED
