"""Trading, tested."""
