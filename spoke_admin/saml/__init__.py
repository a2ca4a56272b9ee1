"""SAML documents: bytes in, values and findings out."""
