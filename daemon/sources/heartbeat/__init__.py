"""The source `heartbeat`: the target itself tells, over HTTP or by datagrams."""

from daemon.sources.heartbeat.options import Heartbeat as Heartbeat
