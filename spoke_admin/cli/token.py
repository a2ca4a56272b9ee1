"""`spoke-admin token`."""
