"""Opens a connection, to the sandbox or to real systems: the only place that wires adapters to the rest."""
