"""Microsoft Graph v1.0, as far as the runbook needs it (wire 4)."""
