"""What benchmarks start: targets, comparisons and clients, each a process of its own."""
