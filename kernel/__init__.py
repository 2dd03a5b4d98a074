"""The shared kernel: what every service needs and no business word."""
