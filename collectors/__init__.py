"""What takes evidence. One file each; these tables are all there is to registering one."""

SAMPLERS = {
    "pyspy": "collectors.pyspy:PySpy",
    "austin": "collectors.austin:Austin",
}

# Discrete collectors. Those of other distributions come by the entry point group `loopcam.collectors`.
COLLECTORS: dict[str, str] = {
    "pprof": "collectors.pprof:Pprof",
    "http": "collectors.http:Http",
    "loglines": "collectors.loglines:LogLines",
    "host": "collectors.host.options:Host",
}
