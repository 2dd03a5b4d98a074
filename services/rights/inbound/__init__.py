"""Who calls us: HTTP, gRPC, events and clocks."""
