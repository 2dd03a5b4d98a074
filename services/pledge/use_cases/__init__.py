"""What pledge does, an operation each."""
