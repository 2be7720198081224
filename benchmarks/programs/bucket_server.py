"""A store that speaks S3, with one bucket in it: `bucket_server BUCKET`. Needs AWS credentials, any."""

import logging
import sys
import threading

import boto3
from moto.server import ThreadedMotoServer

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request otherwise
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket=sys.argv[1])
    print(url, flush=True)
    threading.Event().wait()
