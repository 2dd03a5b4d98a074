"""Evidence: the log of deposits, its checkpoints and its proofs."""
