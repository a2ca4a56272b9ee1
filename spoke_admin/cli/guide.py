"""`spoke-admin guide`."""
