"""Any call as PowerShell text, safely quoted, and a section as a script. Pure; nothing is run."""

from xtmig_kernel.powershell.lines import call_line, change_lines, literal, quoted
from xtmig_kernel.powershell.reads import Read, read_back, section_reads
from xtmig_kernel.powershell.script import FORMAT, Script, call_name

__all__ = [
    "FORMAT",
    "Read",
    "Script",
    "call_line",
    "call_name",
    "change_lines",
    "literal",
    "quoted",
    "read_back",
    "section_reads",
]
