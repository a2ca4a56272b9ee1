"""Each adapter stands alone: HTTP, SCIM, service settings, identity provider, keychain, preferences."""
