"""`spoke-admin demo`."""
