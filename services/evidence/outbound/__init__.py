"""What evidence keeps and tells."""
