# Tells loopcam where a loop is, from any POSIX shell. Source this file:
#
#     . ./loopcam.sh                  # LOOPCAM_SOCKET (and LOOPCAM_TARGET) from the environment
#     while :; do
#         loopcam_start               # or: loopcam_start NAME ... loopcam_end NAME; loopcam_beat; loopcam_idle
#         reconcile
#         loopcam_end
#     done
#
# A shell cannot send datagrams itself. Needed are mktemp, mkfifo, and one of perl, python3 or socat; or curl, and in
# LOOPCAM_HTTP_SOCKET the path of `unix.http`. The first event starts one sender in the background; each event is a line in its
# FIFO, so that they arrive in order and the loop never waits for an answer. The sender ends when the shell does, once all
# is sent. Since another process sends, the target's selector cannot be `peer`.

_loopcam_count=0
_loopcam_name=
_loopcam_folder=
_loopcam_sender=
_loopcam_newline='
'

loopcam_start() {
    _loopcam_count=$((_loopcam_count + 1))
    _loopcam_name=${1:-$$.$_loopcam_count}
    _loopcam_tell start "$_loopcam_name"
}

loopcam_end() { _loopcam_tell end "${1:-$_loopcam_name}"; }

loopcam_beat() { _loopcam_tell beat "${1:-}"; }

loopcam_idle() { _loopcam_tell idle "${1:-}"; }

_loopcam_tell() {
    if [ -n "${LOOPCAM_SOCKET:-}${LOOPCAM_HTTP_SOCKET:-}" ] && _loopcam_ready; then
        # opened for reading, too, and for this line only: no reader is missed, and no child inherits it
        printf '%s %s %s\n' "$1" "${LOOPCAM_TARGET:-}" "${2%%"$_loopcam_newline"*}" \
            2>/dev/null 1<>"$_loopcam_folder/events" || :
    fi
}

# Whether there is a sender that reads; without a tool to send with, there never is.
_loopcam_ready() {
    case $_loopcam_sender in
        none) return 1 ;;
        ?*) [ -p "$_loopcam_folder/events" ] && kill -0 "$_loopcam_sender" 2>/dev/null && return 0 ;;
    esac
    _loopcam_sender=none
    _loopcam_tool=$(_loopcam_choose) || return 1
    if [ ! -p "$_loopcam_folder/events" ]; then
        _loopcam_folder=$(mktemp -d "${LOOPCAM_FIFOS:-${TMPDIR:-/tmp}}/loopcam.XXXXXXXX" 2>/dev/null) || return 1
        mkfifo -m 600 "$_loopcam_folder/events" 2>/dev/null || return 1
    fi
    _loopcam_shell=$(exec sh -c 'echo "$PPID"') || return 1 # in a subshell, $$ is another one
    # a child's child, so that neither `jobs` nor `wait` know it, and without the caller's files (a lock would stay locked)
    _loopcam_sender=$({ (_loopcam_send) <&3 >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- & echo "$!"; } \
        3<>"$_loopcam_folder/events")
}

_loopcam_choose() {
    if [ -n "${LOOPCAM_SOCKET:-}" ]; then
        for _loopcam_one in perl python3 socat; do
            if command -v "$_loopcam_one" >/dev/null; then echo "$_loopcam_one" && return; fi
        done
    fi
    [ -n "${LOOPCAM_HTTP_SOCKET:-}" ] && command -v curl >/dev/null && echo curl
}

# Reads events from standard input until the shell is gone; an empty line only has it look whether it is.
_loopcam_send() {
    unset IFS
    case ${LOOPCAM_SOCKET:-$LOOPCAM_HTTP_SOCKET} in /*) cd / ;; esac # no folder is kept in use
    case $_loopcam_tool in
        perl) exec perl -e "$_loopcam_perl" "$_loopcam_shell" "$LOOPCAM_SOCKET" "$_loopcam_folder" ;;
        python3) exec python3 -ISc "$_loopcam_python" "$_loopcam_shell" "$LOOPCAM_SOCKET" "$_loopcam_folder" ;;
    esac
    set +e +u
    _loopcam_nudge &
    _loopcam_skip=0
    while IFS= read -r _loopcam_line; do
        if [ -z "$_loopcam_line" ]; then
            kill -0 "$_loopcam_shell" || break
        elif [ "$_loopcam_skip" -gt 0 ]; then
            _loopcam_skip=$((_loopcam_skip - 1))
        else
            "_loopcam_$_loopcam_tool" "$_loopcam_line"
            case $? in 28 | 124) _loopcam_skip=99 ;; esac # nobody answers: rather lose some than have the FIFO fill up
        fi
    done
    rm -rf "$_loopcam_folder"
}

_loopcam_nudge() {
    while kill -0 "$_loopcam_shell"; do sleep 1; done
    [ ! -p "$_loopcam_folder/events" ] || echo 1<>"$_loopcam_folder/events"
}

_loopcam_socat() {
    printf %s "$1" | _loopcam_bounded socat -u - "UNIX-SENDTO:$LOOPCAM_SOCKET"
}

_loopcam_bounded() {
    if command -v timeout; then timeout 1 "$@"; else "$@"; fi
}

_loopcam_curl() {
    _loopcam_event=${1%% *} _loopcam_rest=${1#* }
    _loopcam_to=${_loopcam_rest%% *} _loopcam_name=${_loopcam_rest#* }
    set -- ${_loopcam_to:+--data-urlencode "target=$_loopcam_to"} ${_loopcam_name:+--data-urlencode "iteration=$_loopcam_name"}
    curl -s -m 1 --unix-socket "$LOOPCAM_HTTP_SOCKET" -X POST -G "$@" "http://localhost/v1/heartbeat/$_loopcam_event"
}

# Both wait for a daemon whose queue is full, and keep what comes meanwhile; 10,000 events at most, the newest.
_loopcam_perl='
use Errno;
use Socket;
my ($shell, $to, $folder) = @ARGV;
for (3 .. 255) { open(my $inherited, "<&=", $_) and close($inherited) }
socket(S, PF_UNIX, SOCK_DGRAM, 0);
my ($address, $text, $patience, @waiting) = (pack_sockaddr_un($to), "", 500);
while (1) {
    my $alive = kill(0, $shell);
    vec(my $ready = "", 0, 1) = 1;
    my $said = select($ready, undef, undef, @waiting ? 0.01 : $alive ? 1 : 0);
    if ($said > 0) {
        sysread(STDIN, $text, 65536, length $text);
        while ($text =~ s/^(.*)\n//) { push @waiting, $1 if length $1 }
    }
    while (@waiting && (defined send(S, $waiting[0], MSG_DONTWAIT, $address) || !$!{EAGAIN})) { shift @waiting }
    shift @waiting while @waiting > 10000;
    last unless $alive || $said > 0 || (@waiting && $patience-- > 0);
}
unlink "$folder/events";
rmdir $folder;
'

_loopcam_python='
import collections, os, select, socket, sys
shell, to, folder = sys.argv[1:]
os.closerange(3, 256)
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
waiting, text, patience = collections.deque(maxlen=10000), b"", 500
def there():
    try:
        return os.kill(int(shell), 0) is None
    except OSError:
        return False
def sent(line):
    try:
        sock.sendto(line, socket.MSG_DONTWAIT, to)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
while True:
    alive = there()
    said = select.select([0], [], [], 0.01 if waiting else 1 if alive else 0)[0]
    if said:
        *lines, text = (text + os.read(0, 65536)).split(b"\n")
        waiting.extend(filter(None, lines))
    while waiting and sent(waiting[0]):
        waiting.popleft()
    if waiting and not alive and not said:
        patience -= 1
    if not alive and not said and (not waiting or patience < 0):
        break
os.unlink(folder + "/events")
os.rmdir(folder)
'
