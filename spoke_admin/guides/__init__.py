"""The procedures of the identity provider's guide, as steps."""
