"""The smallest service there can be, to test the kernel with."""
