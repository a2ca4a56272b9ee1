"""Checks of a live SCIM service: what each identity provider would trip over, and how to mend it."""
