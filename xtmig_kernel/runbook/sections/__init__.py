"""The sections of the runbook, one module each, in their order."""

from xtmig_kernel.runbook.sections import (
    s000_status,
    s010_connect,
    s020_licensing,
    s030_prerequisites,
    s040_assess,
    s050_application,
    s060_consent,
    s070_endpoint,
    s080_scope,
    s090_match_users,
    s100_prepare,
    s110_verify,
    s120_waves,
    s130_start_batches,
    s140_watch,
    s150_day_before,
    s160_cutover,
    s170_troubleshoot,
    s180_stop,
    s190_after_the_move,
    s200_on_premises,
    s210_clean_up,
    s220_close,
    s300_move_back,
)
from xtmig_kernel.runbook.step import Section, Step

SECTIONS: tuple[Section, ...] = (
    s000_status.SECTION,
    s010_connect.SECTION,
    s020_licensing.SECTION,
    s030_prerequisites.SECTION,
    s040_assess.SECTION,
    s050_application.SECTION,
    s060_consent.SECTION,
    s070_endpoint.SECTION,
    s080_scope.SECTION,
    s090_match_users.SECTION,
    s100_prepare.SECTION,
    s110_verify.SECTION,
    s120_waves.SECTION,
    s130_start_batches.SECTION,
    s140_watch.SECTION,
    s150_day_before.SECTION,
    s160_cutover.SECTION,
    s170_troubleshoot.SECTION,
    s180_stop.SECTION,
    s190_after_the_move.SECTION,
    s200_on_premises.SECTION,
    s210_clean_up.SECTION,
    s220_close.SECTION,
    s300_move_back.SECTION,
)
BY_NUMBER: dict[str, Section] = {section.number: section for section in SECTIONS}
STEPS: dict[str, Step] = {step.id: step for section in SECTIONS for step in section.steps}

__all__ = ["BY_NUMBER", "SECTIONS", "STEPS"]
