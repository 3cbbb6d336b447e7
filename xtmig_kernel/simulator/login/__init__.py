"""Sign-in: discovery, tokens, and the pages for people."""
