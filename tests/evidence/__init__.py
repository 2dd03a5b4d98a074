"""Evidence: the tree, the sequencer, the edges, the checkers."""
