"""Pages of things that are kept: store map, items and their chains, what is overdue, counts, the quarter's work, papers."""
