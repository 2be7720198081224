"""What is told to a Prometheus: every series, and what keeps it true."""
