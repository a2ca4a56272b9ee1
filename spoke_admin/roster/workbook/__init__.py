"""Excel workbooks: read in bounded memory, whatever they hold; written with text in every cell."""
