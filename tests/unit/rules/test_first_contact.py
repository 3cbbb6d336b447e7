from __future__ import annotations

import pytest
from cases_access import connections
from core_facts import judged, kinds


@pytest.mark.parametrize("issuer", ["Microsoft Corporation", "DigiCert Inc"])
def test_these_issue_microsofts_certificates(issuer: str) -> None:
    """F-94: a certificate of Microsoft's or DigiCert's is nobody else's."""
    findings = judged("source-services-reached", **connections("source", "graph", Issuer=issuer))
    assert kinds(findings) == ["pass"] * 3


def test_another_issuer_is_told_and_not_accused() -> None:
    """F-94: another issuer is a warning that names it, and says no more than what was seen."""
    findings = judged("source-services-reached", **connections("source", "graph", Issuer="Contoso Web Gateway"))
    (warning,) = [finding for finding in findings if finding.verdict.kind == "warn"]
    assert "its certificate was issued by Contoso Web Gateway" in warning.seen
    assert "intercept" not in warning.seen + warning.remedy


@pytest.mark.parametrize(("seconds", "verdict"), [(300, "pass"), (301, "warn"), (-300, "pass"), (-301, "warn")])
def test_clocks_may_be_five_minutes_apart(seconds: int, verdict: str) -> None:
    """F-95: more than five minutes apart, in either direction, is a warning."""
    assert kinds(judged("target-clock-agrees", **connections("target", "sign-in", SecondsAhead=seconds))) == [verdict]
