"""The archive of a run: built from ledger and files alone, and verified without trusting its maker.

This room knows neither the wire nor the runbook, so an archive of years ago can still be made and checked.
"""

from xtmig_kernel.report.archive import build_archive
from xtmig_kernel.report.model import Result, result_schema
from xtmig_kernel.report.notebooks import write_notebook_page
from xtmig_kernel.report.summary import exit_code, summary
from xtmig_kernel.report.verify import verify_archive

__all__ = ["Result", "build_archive", "exit_code", "result_schema", "summary", "verify_archive", "write_notebook_page"]
