"""Words that would be markup, code, or a forgery wherever they are not treated as plain text."""

from collections.abc import Sequence

PAYLOADS: Sequence[str] = (
    # elements and handlers
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</title></style></textarea></noscript><script>alert(3)</script>",
    '"><img src=x onerror=alert(4)>',
    "'><svg onload=alert(5)>",
    "` onmouseover=alert(6) x=`",
    '" autofocus onfocus=alert(7) x="',
    "<iframe srcdoc='<script>parent.alert(8)</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(9)>",
    "<details open ontoggle=alert(10)>",
    "<a href=javascript:alert(11)>x</a>",
    "<base href=http://127.0.0.1:9/><link rel=stylesheet href=//127.0.0.1:9/a.css>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<form action=http://127.0.0.1:9/><button>x",
    "--><!--<script>alert(12)</script>",
    "<!--<script>",
    "]]><script>alert(13)</script>",
    "<foreignObject><body onload=alert(14)>",
    # addresses, styles and templates
    "javascript:alert(15)",
    "data:text/html,<script>alert(16)</script>",
    "//127.0.0.1:9/x.png",
    "red;background:url(http://127.0.0.1:9/css)",
    "}</style><style>*{background:url(http://127.0.0.1:9/css)}",
    "@import 'http://127.0.0.1:9/css';",
    "${alert(17)}",
    "{{constructor.constructor('alert(18)')()}}",
    "');alert(19);('",
    "\\u003cscript\\u003ealert(20)\\u003c/script\\u003e",
    "&lt;script&gt;alert(21)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(22)&#62;",
    # names with a meaning in the languages of a page
    "__proto__",
    "constructor",
    "toString",
    "%s %d %(x)s {0} {x}",
    # what cannot be seen, or lies about its order
    "\u2028alert(23)\u2029",
    "null\x00byte",
    "\x1b[31mred\x1b[0m\x07\x08",
    "one\ntwo\r\nthree\tfour",
    "\u202egnp.exe\u202c \u2066isolated\u2069",
    "zero\u200bwidth\ufeff",
    "\ufffe\uffff",
    "combining" + "\u0301" * 60,
    "\U0001f525" * 8,
    # sizes
    "long_" * 400,
    "<" * 300,
    " ",
    "",
)
