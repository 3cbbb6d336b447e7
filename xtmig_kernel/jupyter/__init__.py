"""The notebook's side of xtmig: the kernel that redacts, and what notebooks show."""
