"""Sinks store reports. One file each; this table is all there is to registering one."""

SINKS = {
    "file": "sinks.file:File",
    "s3": "sinks.s3:S3",
    "gcs": "sinks.gcs:Gcs",
    "http": "sinks.http:Http",
}
