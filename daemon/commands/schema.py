"""Print the JSON Schema of the configuration."""

import argparse
import json


def add(_parser: argparse.ArgumentParser) -> None:
    """It takes nothing."""


def run(_args: argparse.Namespace) -> int:
    """Print it."""
    from daemon.config.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
