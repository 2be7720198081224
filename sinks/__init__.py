"""Sinks store reports, notifications tell of them. One file each; a line here registers it."""

SINKS = {
    "file": "sinks.file:File",
    "s3": "sinks.s3:S3",
    "gcs": "sinks.gcs:Gcs",
    "http": "sinks.http:Http",
}

NOTIFICATIONS = {
    "webhook": "sinks.webhook:Webhook",
}
