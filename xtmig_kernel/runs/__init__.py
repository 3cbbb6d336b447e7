"""What a command does as a whole: new project, run, approval, script, rehearsal."""
