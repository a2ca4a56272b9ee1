"""`spoke-admin sandbox`."""
