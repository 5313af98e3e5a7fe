"""The figures every service process shows at `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

ANNOUNCED = Counter("skillcert_events_announced", "Events confirmed by the broker")
UNANNOUNCED = Gauge("skillcert_events_unannounced", "Overdue events the last sweep found")
MESSAGES = Counter("skillcert_messages", "Messages taken from the bus", ["queue", "outcome"])
REQUESTS = Histogram("skillcert_http_request_seconds", "Time to answer", ["method", "route", "status"])
PRINTED = Counter("skillcert_certificates_printed", "Certificates whose holder's data was opened to print", ["form"])
