"""Tables that narrow screens show as cards: each cell knows its column's name."""

from collections.abc import Sequence

from report.page.markup import Markup, tag


def amounts(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int, *, key: str | bool = False
) -> Markup:
    """Rows whose first cells are numbers and whose last one says what of; `key` is the table's id."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    body = tag("tbody", *(_row(heads, cells, numbers) for cells in rows))
    return tag("table", head, body, class_="amounts", id=key)


def folded(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int) -> Markup:
    """More rows, folded away; nothing where there are none."""
    if not rows:
        return Markup("")
    return tag("details", tag("summary", f"{len(rows)} more"), amounts(heads, rows, numbers))


def _row(heads: Sequence[str], cells: Sequence[str], numbers: int) -> Markup:
    return tag(
        "tr",
        *(
            tag("td", cell, class_="number" if place < numbers else False, data_head=head)
            for place, (head, cell) in enumerate(zip(heads, cells, strict=True))
        ),
    )


def scrolled(table: Markup, label: str) -> Markup:
    """A table that is too wide for some screens: it is moved by keys, too."""
    return tag("div", table, class_="scroll", tabindex="0", role="group", aria_label=label)
