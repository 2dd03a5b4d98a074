"""Who calls pledge: people over HTTP, other services by their events, its own clocks."""
