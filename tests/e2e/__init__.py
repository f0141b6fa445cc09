"""The whole chain, from a pin of a node to the page: real programs over ptys and a real broker."""
