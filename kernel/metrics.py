"""What is counted and timed, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("yaosu_http_requests_total", "HTTP answers", ["service", "method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "yaosu_http_request_seconds", "Time to the last byte of an HTTP answer", ["service", "method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)  # fmt: skip
REFUSALS = Counter("yaosu_refusals_total", "Refusals by their name", ["service", "reason"])
CALLS = Counter("yaosu_grpc_calls_total", "gRPC calls answered", ["service", "method", "outcome"])
EVENTS_HEARD = Counter("yaosu_events_heard_total", "Events that had their effect", ["service", "topic"])
DEAD_LETTERS = Counter("yaosu_dead_letters_total", "Events parked", ["service", "topic"])
JOB_FAILURES = Counter("yaosu_job_failures_total", "Runs of a job that failed", ["service", "job"])
OUTBOX_UNSENT = Gauge("yaosu_outbox_batch", "Events in the last relayed batch", ["service"])
LEASE_HELD = Gauge("yaosu_lease_held", "1 in the one process that works for the service", ["service"])
JOB_RAN_AT = Gauge("yaosu_job_ran_at", "When a job last ran without failing, in Unix seconds", ["service", "job"])
BUS_LAG = Gauge("yaosu_bus_lag_events", "Events of a topic that the service has still to read", ["service", "topic"])
GAUGES_ASKED_AT = Gauge("yaosu_gauges_asked_at", "When the database was last asked, in Unix seconds", ["service"])
PROMISE_VIOLATIONS = Gauge(
    "yaosu_promise_violations", "What the last look found against a promise; 20 at most", ["service", "promise"]
)
PROMISE_CHECKED_AT = Gauge(
    "yaosu_promise_checked_at", "When a promise was last looked at, in Unix seconds", ["service", "promise"]
)
AUDIT_FAILURES = Counter("yaosu_audit_failures_total", "Looks at a promise that failed", ["service", "promise"])
GAUGE_FAILURES = Counter("yaosu_gauge_failures_total", "Queries for a gauge that failed", ["service", "gauge"])
TLS_ENDS_AT = Gauge("yaosu_tls_certificate_ends_at", "When a TLS certificate in use ends, in Unix seconds", ["file"])
