"""The log in plain Python: tree, checkpoint, proof, deposit."""
