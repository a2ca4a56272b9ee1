"""US phone numbers: the verdict of the library on millions of them, by tables derived from its data."""
