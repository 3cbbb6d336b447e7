"""The bridge's script, as far as a grammar and Microsoft's reference can tell: no PowerShell has run it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from stand_in_sessions import DOCUMENTED
from stand_in_syntax import commands_of, literals_of_variable, syntax_errors

import xtmig_kernel
from xtmig_kernel.m365.exchange_contract import CONFIRMS
from xtmig_kernel.m365.shell import BRIDGE

SCRIPT = BRIDGE.read_text(encoding="ascii")
PACKAGE = Path(xtmig_kernel.__file__).parent
CMDLET = re.compile(r"[A-Z][a-z]+-[A-Z][A-Za-z]+")
OWN = {"Connect-Tenant", "ConvertTo-Plain", "ConvertTo-Row", "Invoke-Listed"} | {
    f"Get-{noun}" for noun in ("Failure", "Offered", "Secure", "Table", "Text", "Value")
}
POWERSHELLS = {
    *("ConvertFrom-Json", "ConvertTo-Json", "Get-Command", "Get-Module", "Import-Module", "Remove-TypeData"),
    *("Select-Object", "Sort-Object", "Split-Path"),
}
MODULES = {"Connect-ExchangeOnline", "Disconnect-ExchangeOnline", "Get-ConnectionInformation"}
EXCHANGE_MODULE_HAS = {
    "AccessToken", "AppId", "Certificate", "CertificateFilePath", "ConnectionUri", "DelegatedOrganization", "Device",
    "ExchangeEnvironmentName", "Organization", "ShowBanner", "SkipLoadingFormatData", "UserPrincipalName",
}  # fmt: skip
"""Parameters of Connect-ExchangeOnline that Microsoft's reference lists, as far as anybody here needs them."""


def allowed() -> list[str]:
    """The cmdlets on the bridge's list."""
    return literals_of_variable(SCRIPT, "$Allowed")


def called() -> set[str]:
    """The cmdlets that the package names anywhere as a value, but for the table of those that can ask."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "simulator" in path.parts or path.name == "exchange_contract.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        found |= {text for text in texts if CMDLET.fullmatch(text) and (text in DOCUMENTED or text in CONFIRMS)}
    return found


def test_the_bridge_parses() -> None:
    """The grammar of PowerShell finds no error in it; Windows PowerShell reads plain ASCII whatever its code page."""
    assert syntax_errors(SCRIPT) == []


def test_the_bridge_calls_what_it_needs_and_no_more() -> None:
    """F-96, F-99: its own functions, a few commands of PowerShell, and three of Microsoft's module; none for files."""
    assert {name for name, _ in commands_of(SCRIPT)} == OWN | POWERSHELLS | MODULES


def test_the_session_is_made_with_documented_parameters() -> None:
    """F-96: Connect-ExchangeOnline takes the token, the environment and the account's parameter by these names."""
    start = SCRIPT.index("$Parameters = @{", SCRIPT.index("function Connect-Tenant"))
    names = re.findall(r"^\s+'(\w+)' =", SCRIPT[start : SCRIPT.index("}", start)], re.MULTILINE)
    assert names == ["AccessToken", "ExchangeEnvironmentName", "ShowBanner"]
    assert {*names, "UserPrincipalName", "Organization"} <= EXCHANGE_MODULE_HAS
    assert "[version]'3.1.0'" in SCRIPT


def test_the_bridges_list_is_what_xtmig_calls() -> None:
    """It runs every cmdlet that xtmig calls and no other one; Microsoft's reference has all of them."""
    assert set(allowed()) == called()
    assert len(allowed()) == len(set(allowed()))
    assert set(allowed()) <= DOCUMENTED.keys()


def test_the_tenant_is_proven_before_any_cmdlet() -> None:
    """F-99: the session's module, without which no cmdlet runs, is known only after the tenant was compared."""
    connect = SCRIPT[SCRIPT.index("function Connect-Tenant") : SCRIPT.index("function Get-Offered")]
    assert connect.index("$script:Session = $null") < connect.index("Connect-ExchangeOnline @Parameters")
    assert connect.index("$Connection.TenantID -ne $Request.tenant") < connect.index("$script:Session = Split-Path")
    run = SCRIPT[SCRIPT.index("function Invoke-Listed") :]
    for guard in ("$null -eq $Session", "$Allowed -cnotcontains $Request.cmdlet", "-Module $Session"):
        assert run.index(guard) < run.index("& $Command @Parameters")


def test_the_bridge_holds_no_way_to_run_text() -> None:
    """Nothing that it is sent becomes a command line: no Invoke-Expression, no script block from text, no new type."""
    for way in ("Invoke-Expression", "iex ", "ScriptBlock", "Add-Type", "ExpandString", "Start-Process"):
        assert way not in SCRIPT
