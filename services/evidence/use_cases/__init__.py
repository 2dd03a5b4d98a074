"""What evidence does, an operation each."""
