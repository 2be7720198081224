"""What an address in the configuration may be, and how much of it may be shown."""

from urllib.parse import SplitResult, urlsplit

_LONGEST_PART = 63  # of a name in the DNS


def fault(url: str, *, query: bool = False) -> str | None:
    """The rule that a URL breaks, or None; a query string is only right where `query` says so."""
    try:
        address = urlsplit(url)
        known = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:
        known = False
    if not known:
        return "begins with http://HOST or https://HOST"
    if not all(
        0 < len(part) <= _LONGEST_PART for part in (address.hostname or "").removesuffix(".").split(".")
    ):
        return f"a HOST that can be looked up: 1 to {_LONGEST_PART} letters between its dots"
    if not (url.isascii() and url.isprintable() and " " not in url):
        return "only printable ASCII without spaces; encode the rest with %"
    if address.username is not None or address.password is not None:
        return "without a user and password"
    if address.fragment or (address.query and not query):
        return "without a fragment" if query else "without a query string or fragment"
    return None


def origin(url: str) -> str:
    """`https://host:port` of a URL, without user and password."""
    address = urlsplit(url)
    return f"{address.scheme}://{_host(address)}" + (f":{address.port}" if address.port else "")


def shown(url: str) -> str:
    """A URL without user, password, query and fragment: what may be logged."""
    return origin(url) + urlsplit(url).path


def _host(address: SplitResult) -> str:
    host = address.hostname or ""
    return f"[{host}]" if ":" in host else host
