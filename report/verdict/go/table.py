"""What functions of Go's standard library, and of packages that controllers use, tell of a goroutine."""

from typing import Final

from model.verdict import Cause
from report.verdict.go.patterns import Pattern

_PASSES: Final = r"IO wait|select|chan receive|semacquire|sync\.Cond|syscall"
_RESTS: Final = r"sleep|select|chan receive"
_LOCKS: Final = r"sync\.(?:RW)?Mutex\.|semacquire"
_WRITES: Final = rf"IO wait|syscall|{_LOCKS}"
_RETRY: Final = r"(?i:.*(?:retry|retries|retrier|back_?off|throttl|rate_?limit).*)"
_LOGS: Final = (
    r"log\.(?:\(\*Logger\)\.)?[A-Za-z]\w*|log/slog\..*|k8s\.io/klog.*|go\.uber\.org/zap.*"
    r"|github\.com/(?:sirupsen/logrus|rs/zerolog|go-logr|golang/glog).*"
)

WAITING: Final = (
    Pattern(
        Cause.DNS,
        "looking up a host's name",
        r"net\.\(\*Resolver\)\..*|net\.(?:lookup|cgoLookup|goLookup|dnsRoundTrip|_C2func_getaddrinfo)\w*.*",
        rf"{_PASSES}",
        level=2,
    ),
    Pattern(
        Cause.TLS,
        "in a TLS handshake",
        r"crypto/tls\.\(\*Conn\)\.(?:[hH]andshake|clientHandshake|serverHandshake).*"
        r"|net/http\.\(\*persistConn\)\.addTLS.*|crypto/tls\.\(\*clientHandshakeState.*",
        _PASSES,
        level=2,
    ),
    Pattern(
        Cause.CHILD_PROCESS,
        "waiting for a child process",
        r"os/exec\.\(\*Cmd\)\.(?:Wait|Run|Output|CombinedOutput|awaitGoroutines)|os\.\(\*Process\)\.\w*[wW]ait\w*"
        r"|syscall\.Wait4",
        rf"{_PASSES}",
        level=2,
    ),
    Pattern(Cause.LOG_PIPE, "writing a log line that nobody takes", _LOGS, _WRITES, level=2),
    Pattern(
        Cause.BACKOFF,
        "waiting before a retry",
        r"k8s\.io/apimachinery/pkg/util/wait\..*[bB]ackoff.*|k8s\.io/client-go/util/(?:flowcontrol|retry)\..*"
        r"|golang\.org/x/time/rate\.\(\*Limiter\)\..*|k8s\.io/client-go/rest\.\(\*Request\)\.tryThrottle.*"
        r"|k8s\.io/client-go/rest\.\(\*withRetry\)\..*|github\.com/cenkalti/backoff.*"
        r"|github\.com/hashicorp/go-retryablehttp.*",
        _RESTS,
    ),
    Pattern(Cause.BACKOFF, "waiting before a retry", _RETRY, _RESTS, reach=6, through=True),
    Pattern(
        Cause.NETWORK_WAIT,
        "waiting for a reply to an HTTP request",
        r"net/http\.\(\*(?:persistConn|Transport|http2ClientConn|http2clientStream|Client)\)\..*"
        r"|golang\.org/x/net/http2\..*|internal/http2?\..*",
        _PASSES,
    ),
    Pattern(
        Cause.NETWORK_WAIT,
        "waiting for a reply of gRPC",
        r"google\.golang\.org/grpc.*",
        _PASSES,
    ),
    Pattern(
        Cause.NETWORK_WAIT,
        "waiting for a database",
        r"database/sql\..*|github\.com/(?:redis|go-redis|jackc/pgx|lib/pq|go-sql-driver).*"
        r"|go\.mongodb\.org/.*|go\.etcd\.io/.*",
        _PASSES,
    ),
    Pattern(
        Cause.NETWORK_WAIT,
        "waiting for the network",
        r"net\.\(\*(?:conn|netFD|Dialer|sysDialer|TCPConn|UDPConn|UnixConn|TCPListener)\)\..*"
        r"|crypto/tls\.\(\*Conn\)\..*|net/textproto\..*",
        _PASSES,
    ),
    Pattern(
        Cause.LOCK_WAIT,
        "waiting for a lock",
        r"(?:internal/)?sync\.\(\*(?:RW)?Mutex\)\..*|sync\.runtime_Semacquire(?:RW)?Mutex.*",
        _LOCKS,
    ),
    Pattern(
        Cause.DISK,
        "reading or writing a file",
        r"os\.\(\*File\)\..*|os\.(?:Open|Create|Stat|Lstat|Read|Write|Remove|Rename|Mkdir|Readlink)\w*"
        r"|syscall\.(?:read|Read|write|Write|pread|Pread|pwrite|Pwrite|Fsync|Fdatasync|fsync|Open|openat|Getdents|Fstat"
        r"|Stat|fstatat|Sync|Flock|Renameat|Unlinkat|Syscall6?|RawSyscall6?)"
        r"|golang\.org/x/sys/unix\..*|internal/poll\.\(\*FD\)\.(?:Fsync|Read|Pread|Write|Pwrite|ReadDirent|Fstat).*",
        r"syscall",
        level=0,
    ),
    Pattern(Cause.SLEEP, "sleeping", r"time\.Sleep", r"sleep", level=0),
    Pattern(
        Cause.CHANNEL_WAIT,
        "waiting for a channel that nobody serves",
        r".*",
        r"chan (?:receive|send)|select",
        level=-1,
        reach=1,
    ),
    Pattern(
        Cause.CHANNEL_WAIT,
        "waiting for other goroutines",
        r"sync\.\(\*(?:WaitGroup|Cond|Once)\)\..*|golang\.org/x/sync/errgroup\..*",
        r"sync\.(?:WaitGroup|Cond)|semacquire",
        level=0,
    ),
)

RUNNING: Final = (
    Pattern(
        Cause.GARBAGE_COLLECTION,
        "making and collecting garbage",
        r"runtime\.(?:gc|mallocgc|newobject|makeslice|growslice|newarray|rawstring|bgsweep|sweepone).*",
        level=0,
    ),
    Pattern(
        Cause.SERIALISATION,
        "encoding or decoding data",
        r"encoding/(?:json|xml|gob|csv|asn1|binary)(?:/\w+)*\..*|sigs\.k8s\.io/(?:json|yaml).*|go\.yaml\.in/.*|gopkg\.in/yaml.*"
        r"|github\.com/(?:json-iterator|gogo/protobuf|golang/protobuf|bytedance/sonic|ugorji).*"
        r"|google\.golang\.org/protobuf.*|k8s\.io/apimachinery/pkg/runtime/serializer.*",
        through=True,
        reach=60,
    ),
    Pattern(Cause.REGULAR_EXPRESSION, "matching a regular expression", r"regexp(?:/syntax)?\..*"),
    Pattern(
        Cause.TLS,
        "making or checking keys and certificates",
        r"crypto/(?:rsa|ecdsa|ed25519|x509|tls|elliptic|dsa|dh|internal/fips140/rsa|internal/fips140/ecdsa)\..*"
        r"|crypto/rand\.Prime",
    ),
)

PATTERNS: Final = (*WAITING, *RUNNING)
