"""`spoke-admin validate`."""
