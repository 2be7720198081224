"""The configuration: YAML or flags in, frozen and checked objects out, every fault at once."""
