# Tells loopcam where a loop is, from any POSIX shell. Source this file:
#
#     . ./loopcam.sh                  # LOOPCAM_SOCKET (and LOOPCAM_TARGET) from the environment
#     while :; do
#         loopcam_start               # or: loopcam_start NAME ... loopcam_end NAME; loopcam_beat; loopcam_idle
#         reconcile
#         loopcam_end
#     done
#
# A shell cannot send datagrams itself. Needed is one of perl, python3 or socat; or curl, and in LOOPCAM_HTTP_SOCKET the path
# of `unix.http`. It runs in the background: the loop waits for a fork only, never for an answer, and sees no error. Since
# another process sends, the target's selector cannot be `peer`. Events may overtake each other: each iteration gets a name,
# by which the daemon puts them right.

_loopcam_count=0
_loopcam_name=

loopcam_start() {
    _loopcam_count=$((_loopcam_count + 1))
    _loopcam_name=${1:-$$.$_loopcam_count}
    _loopcam_tell start "$_loopcam_name"
}

loopcam_end() { _loopcam_tell end "${1:-$_loopcam_name}"; }

loopcam_beat() { _loopcam_tell beat "${1:-}"; }

loopcam_idle() { _loopcam_tell idle "${1:-}"; }

_loopcam_tell() {
    if [ -n "${LOOPCAM_SOCKET:-}${LOOPCAM_HTTP_SOCKET:-}" ]; then
        # a subshell of a subshell, so that no job is reported, and without the caller's files (a lock would stay locked)
        (_loopcam_send "$1" "${LOOPCAM_TARGET:-}" "${2:-}" &) </dev/null >/dev/null 2>&1 \
            3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || :
    fi
}

_loopcam_send() {
    if [ -S "${LOOPCAM_SOCKET:-}" ]; then
        if command -v perl; then
            exec perl -e 'use Socket; socket(S, PF_UNIX, SOCK_DGRAM, 0); send(S, $ARGV[1], MSG_DONTWAIT, pack_sockaddr_un($ARGV[0]))' \
                "$LOOPCAM_SOCKET" "$1 $2 $3"
        elif command -v python3; then
            exec python3 -ISc 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), socket.MSG_DONTWAIT, sys.argv[1])' \
                "$LOOPCAM_SOCKET" "$1 $2 $3"
        elif command -v socat; then
            printf %s "$1 $2 $3" | _loopcam_bounded socat -u - "UNIX-SENDTO:$LOOPCAM_SOCKET"
            return
        fi
    fi
    if [ -S "${LOOPCAM_HTTP_SOCKET:-}" ] && command -v curl; then
        set -- "$1" ${2:+--data-urlencode "target=$2"} ${3:+--data-urlencode "iteration=$3"}
        event=$1
        shift
        exec curl -s -m 5 --unix-socket "$LOOPCAM_HTTP_SOCKET" -X POST -G "$@" "http://localhost/v1/heartbeat/$event"
    fi
}

_loopcam_bounded() {
    if command -v timeout; then timeout 5 "$@"; else "$@"; fi
}
