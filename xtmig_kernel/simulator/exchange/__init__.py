"""The Exchange admin interface: cmdlets over HTTP (wire 1)."""
