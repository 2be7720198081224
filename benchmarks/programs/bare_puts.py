"""Puts every file of a folder into a bucket by boto3: `bare_puts URL BUCKET FOLDER`. Prints seconds."""

import sys
import time
from pathlib import Path

import boto3


def main() -> None:
    """One after the other, over one client."""
    url, bucket, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    began_s = time.monotonic()
    for file in files:
        client.put_object(Bucket=bucket, Key=f"bare/{file.relative_to(folder)}", Body=file.read_bytes())
    print(time.monotonic() - began_s, flush=True)


if __name__ == "__main__":
    main()
