"""Values and pure rules: no files, clock, network or window."""
