"""The text that the Exchange Online module downloads when it connects (wire 1.1 [SRC])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.http import Answer

from .contract import ANY_SET, Cmdlet, Parameter, offered_only, served

if TYPE_CHECKING:
    from .context import Context

_TYPES = {
    "SwitchParameter": "switch",
    "PSCredential": "System.Management.Automation.PSCredential",
    "SecureString": "System.Security.SecureString",
    "Byte[]": "System.Byte[]",
    "Int32": "System.Int32",
    "Boolean": "System.Boolean",
}


def _parameter(parameter: Parameter, cmdlet: Cmdlet) -> str:
    attributes = []
    for name in cmdlet.sets if parameter.sets else ():
        if name in parameter.sets:
            words = [] if name == ANY_SET else [f"ParameterSetName='{name}'"]
            words += ["Mandatory=$true"] if name in parameter.mandatory else []
            attributes.append(f"    [Parameter({', '.join(words)})]")
    kind = _TYPES.get(parameter.kind, "System.Object")
    return "\n".join([*attributes, f"    [{kind}]", f"    ${{{parameter.name}}}"])


def function_text(cmdlet: Cmdlet, offered: frozenset[str]) -> str:
    """One cmdlet as a function with the parameters on offer."""
    binding = ""
    if cmdlet.impact is not None:
        binding = f"SupportsShouldProcess=$true, ConfirmImpact='{cmdlet.impact}'"
    blocks = [_parameter(p, cmdlet) for name, p in cmdlet.parameters.items() if name in offered]
    body = ",\n\n".join(blocks)
    return f"function {cmdlet.name} {{\n  [CmdletBinding({binding})]\n  param(\n{body}\n  )\n}}\n"


def answer(context: Context) -> Answer:
    """The module file: exactly what is on offer to the caller, and the session's key at its end."""
    known = served() | offered_only()
    cmdlets = [known[name] for name in sorted(context.offer)]
    text = "\n".join(function_text(cmdlet, context.offer[cmdlet.name.lower()]) for cmdlet in cmdlets)
    text += f"\n$PublicKey = '{context.world.keys.session_key_xml()}'\n"
    exported = ",".join(cmdlet.name for cmdlet in cmdlets)
    return Answer(
        200, {"value": [{"fileName": "ExchangeOnline.psm1", "fileContent": text, "exportedCmdlets": exported}]}
    )
