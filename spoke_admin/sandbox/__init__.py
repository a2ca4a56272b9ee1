"""The stand-in service and the stand-in identity provider, on 127.0.0.1."""
