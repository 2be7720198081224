"""HTML that cannot be forged: text becomes markup in one place only, escaped."""

from html import escape

from report.places import escaped

_VOID = {"input", "meta"}


MOST_NAME = 240  # characters of a name; more are cut out of its middle


class Markup(str):
    """HTML that is safe as it stands."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Any text, escaped; what does not print is shown as an escape."""
    return content if isinstance(content, Markup) else Markup(escape(escaped(content)))


def join(*parts: str) -> Markup:
    """Parts in a row; those that are not markup are escaped."""
    return Markup("".join(map(text, parts)))


def tag(element: str, /, *children: str, **attributes: str | bool) -> Markup:
    """An element. `class_` is the attribute `class`, `aria_label` is `aria-label`; False is no attribute."""
    said = "".join(
        _attribute(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not False
    )
    return Markup(
        f"<{element}{said}>" if element in _VOID else f"<{element}{said}>{join(*children)}</{element}>"
    )


def _attribute(name: str, value: str | bool) -> str:
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'


def section(name: str, title: str, *children: str) -> Markup:
    """A section with its heading, by which it is called."""
    return tag(
        "section",
        tag("h2", title, id=f"{name}-title"),
        join(*children),
        id=name,
        aria_labelledby=f"{name}-title",
    )


def cut(name: str) -> str:
    """A name that is not too long for a page."""
    if len(name) <= MOST_NAME:
        return name
    return f"{name[: MOST_NAME // 2]}…{name[-MOST_NAME // 2 :]}"
