"""Takes secrets out of text by what they look like, and by the names before them.

RE2 looks at each byte a bounded number of times, whatever the text. Bytes are taken as they are: what is no
UTF-8 survives. What is replaced is the secret alone; the rest of its line stays.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

SCRUBBED = b"[scrubbed]"
_NO_SECRETS = (SCRUBBED, SCRUBBED.strip(b"[]"), b"|", b"|-", b"|+")  # what is done, and signs of YAML's
_PIECE_BYTES = 64 * 1024
_OPENS_BLOCK = (b"|", b">", b"|-", b">-", b"|+", b">+")
_KEY_BYTES = 16 * 1024  # a private key is not longer
_KEY_EDGE = r"-----(?:(BEGIN)|END) [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----"
_EDGE_BYTES = 64  # an edge is not longer
_KEY_PIECE = r"[A-Za-z0-9+/]{32,}={0,2}"

# What names a secret, alone or as a part of a longer name.
_WORDS = (
    r"pass(?:word|wd|phrase|code)|\bpwd|secret|token|api[_-]?key|access[_-]?key|client[_-]?key|private[_-]?key|auth[_-]?key"
    r"|signing[_-]?key|encryption[_-]?key|account[_-]?key|shared[_-]?key|credentials?|x-goog-credential"
    r"|x-(?:amz|goog)-signature|\bsignature|session[_-]?id"
)
_NAME = rf"(?i:[\w.-]*(?:{_WORDS}|authorization|cookie)[\w.-]*)"
_KEY = rf"(?i:[\w.-]*(?:{_WORDS})[\w.-]*)"  # of YAML, whose values may have spaces
_IS = r"[ \t]*(?:=>|:=|==?|:)[ \t]*"
_SCHEME = r"(?i:(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)[ \t]+)?"
_CHARACTER = r"[^\s\"'\\,;&<>(){}\]]"
_BARE = rf"(?:[^\s\"'\\,;&<>(){{}}\[\]]{_CHARACTER}*(?:[\"']{_CHARACTER}+)*)"  # a value that nothing encloses
_AMPERSAND = r"(?:[?&;]|\\u0026|%26)"

# Each replaces what its group holds.
_PATTERNS = (
    # A user and password in a URL, or a token in their place; the last @ before a slash ends them.
    r"://([^\s/\"'<>?#\\]+)@",
    # Names with values in quotes: escaped ones (JSON within JSON), double ones, single ones, lists.
    rf"{_NAME}(?:\\+[\"'])?{_IS}\[?\\+[\"']{_SCHEME}([^\"'\\\n]+)",
    rf"{_NAME}[\"']?{_IS}\[?b?\"{_SCHEME}((?:[^\"\\\n]|\\.)+)",
    rf"{_NAME}[\"']?{_IS}\[?b?'{_SCHEME}((?:[^'\\\n]|\\.)+)",
    rf"{_NAME}[\"']?{_IS}\[[\"']?([^\[\]\n]+?)[\"']?\]",
    # Cookies come in several.
    rf"(?i:cookie)[\"']?{_IS}({_BARE}(?:;[ \t]*{_BARE})*)",
    # YAML: the rest of the line up to a comma, or the first line of a block.
    rf"(?m)^[ \t]*(?:- +)?{_KEY}:[ \t]+([^\s\"'\[{{|>&*!#][^\n,;]*)",
    rf"(?m)^[ \t]*(?:- +)?{_KEY}:[ \t]*[|>][-+0-9]*[ \t]*\r?\n[ \t]+([^\n]+)",
    # Variables of the environment, as Kubernetes writes them: JSON, JSON within JSON, Go, YAML.
    rf"(?i:\"name\":[ \t]?)\"{_NAME}\",[ \t]?(?i:\"value\":[ \t]?)\"((?:[^\"\\\n]|\\.)+)\"",
    rf"(?i:name\\+\":[ \t]?)\\+\"{_NAME}\\+\",[ \t]?\\+\"(?i:value\\+\":[ \t]?)\\+\"([^\"\\\n]+)",
    rf"\bName:\"?{_NAME}\"?,? ?Value:\"?([^\s\",{{}}]+)",
    rf"(?m)^[ \t]*(?:- +)?name:[ \t]+[\"']?{_NAME}[\"']?\r?\n[ \t]*value:[ \t]+([^\n]+)",
    # All else that has a name.
    rf"{_NAME}[\"']?{_IS}{_SCHEME}({_BARE})",
    # Options of a command line.
    rf"(?:^|[^\w-])--?{_NAME}(?:[ \t]+|\", ?\"|', ?')([^\s\"',-][^\s\"',]*)",
    # Parameters of a query whose names are too short to stand anywhere else.
    rf"(?i:{_AMPERSAND}(?:sig|key|code|auth|pass|jwt|sv_sig)=)({_BARE})",
    r"(?i:\b(?:pw|pass|sig)=)([^\s\"'\\,;&<>(){}\[\]]{6,})",
    r"(?i:\b(?:bearer|basic)[ \t]+)([A-Za-z0-9._~+/-]{16,}={0,2})",
    # A signature of AWS in its Authorization header.
    r"(?i:\bSignature=)([0-9a-f]{16,})",
    r"(\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)+)",  # JWT, JWE
    # AWS: an access key's id, with its secret where that follows; a session token.
    r"(\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?:[^A-Za-z0-9/+\n]{1,6}[A-Za-z0-9/+]{40})?)",
    r"(\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9/+=%]{20,})",
    # Tokens with prefixes of their own: GitHub, GitLab, Slack, Google, Stripe, npm, PyPI, Vault, ...
    r"(\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}))",
    r"(\b(?:xox[a-z]-(?:\d-)?[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}))",
    r"hooks\.slack\.com/(?:services|workflows)/([\w/]+)",
    r"(\b(?:AIza[\w-]{35}|ya29\.[\w.-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{20,}))",
    r"(\b(?:[sr]k_(?:live|test)_\w{16,}|npm_\w{30,}|pypi-[\w-]{30,}|hv[sbr]\.[\w-]{20,}))",
    r"(\b(?:dop_v1_\w{32,}|sk-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}))",
)

Clean = Callable[[bytes], bytes]


def scrubber(more: Sequence[str] = ()) -> Clean:
    """What takes secrets out of a text: those that are known, and what matches one of `more`."""
    patterns = [*map(_compiled, _PATTERNS), *(_compiled(f"({text})") for text in more)]

    def clean(text: bytes) -> bytes:
        return b"".join(_cleaned(piece, patterns) for piece in _pieces(_without_keys(text)))

    return clean


def fault(text: str) -> str | None:
    """The rule that a pattern of a configuration breaks."""
    import re2

    try:
        found = _compiled(text)
    except re2.error as error:
        return f"a regular expression (RE2): {error.args[0].decode(errors='replace')}"
    return "matches nothing at all, which is everywhere" if found.search(b"") else None


@cache
def _compiled(text: str) -> Any:
    """The pattern over bytes, each of which may stand for a character."""
    import re2  # here, and not above: it is loaded where a capture needs it only

    options = re2.Options()
    options.log_errors = False
    if text.isascii():
        options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(text.encode(), options)


def _pieces(text: bytes) -> Iterator[bytes]:
    """The text in pieces of whole lines, the first line of a YAML block together with the next.

    While RE2 looks at a piece, nothing else of the daemon runs.
    """
    begin = 0
    while begin < len(text):
        end = begin + _PIECE_BYTES
        while True:
            end = text.find(b"\n", end) + 1 or len(text)
            if end == len(text) or not text[begin:end].rstrip().endswith(_OPENS_BLOCK):
                break
        yield text[begin:end]
        begin = end


def _cleaned(text: bytes, patterns: Sequence[Any]) -> bytes:
    for pattern in patterns:
        text = _replaced(text, _places(pattern, text))
    return text


def _places(pattern: Any, text: bytes) -> Iterator[tuple[int, int]]:
    """Where it finds a secret."""
    found = (match.span(1) for match in pattern.finditer(text))
    return ((begin, end) for begin, end in found if text[begin:end] not in _NO_SECRETS)


def _without_keys(text: bytes) -> bytes:
    """Without private keys (PEM), also where only their beginning or their end is there."""
    if b"PRIVATE KEY" not in text:
        return text
    edges = list(_edges(text))
    places: list[tuple[int, int]] = []
    done = 0
    for number, (begin, end, begins) in enumerate(edges):
        following = edges[number + 1] if number + 1 < len(edges) else (len(text), len(text), True)
        if begins and not following[2] and following[0] - end <= _KEY_BYTES:
            places.append((end, following[0]))
            done = following[1]
        elif begins or begin > done:
            around = (end, following[0]) if begins else (done, begin)
            places += _key_pieces(text, *_nearest(around, from_begin=begins))
            done = max(done, end)
    return _replaced(text, iter(places))


def _edges(text: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where keys begin and end: from, to, and whether it is a beginning."""
    at = -1
    while (at := text.find(b"PRIVATE KEY", at + 1)) >= 0:
        around = max(0, at - _EDGE_BYTES)
        for edge in _compiled(_KEY_EDGE).finditer(text[around : at + _EDGE_BYTES]):
            if edge.start() + around <= at < edge.end() + around:
                yield edge.start() + around, edge.end() + around, edge.group(1) is not None


def _nearest(around: tuple[int, int], *, from_begin: bool) -> tuple[int, int]:
    """As much as a key may be long, of what is around its one edge."""
    begin, end = around
    return (begin, min(end, begin + _KEY_BYTES)) if from_begin else (max(begin, end - _KEY_BYTES), end)


def _key_pieces(text: bytes, begin: int, end: int) -> list[tuple[int, int]]:
    """What may be lines of a key."""
    found = _compiled(_KEY_PIECE).finditer(text[begin:end])
    return [(begin + piece.start(), begin + piece.end()) for piece in found]


def _replaced(text: bytes, places: Iterator[tuple[int, int]]) -> bytes:
    """The text with what is at these places, in their order, replaced."""
    pieces: list[bytes] = []
    done = 0
    for begin, end in places:
        pieces += (text[done:begin], SCRUBBED)
        done = end
    return b"".join((*pieces, text[done:])) if pieces else text
