from pathlib import Path

from benchmarks import gates, pages, results
from benchmarks.figures import Row
from benchmarks.results import Taken

BOUNDS = gates.load("idle: {memory: {gate: at most 1.1 x, aim: at most 32 MiB}}")
ROW = Row(figure="memory", unit="MiB", ours=45.5, other=37.3, beside="a bare server", note="PSS")
TAKEN = {"idle": Taken(machine="2 cores, 2026-11-28", rows=[ROW])}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    assert results.read(file) == {}
    results.write(file, TAKEN, BOUNDS)
    assert results.read(file) == TAKEN
    assert '"verdict": "broken"' in file.read_text()


def test_the_table_names_machine_figure_bounds_and_notes() -> None:
    table = results.as_markdown(TAKEN, BOUNDS).splitlines()
    assert table[0] == "2 cores, 2026-11-28"
    assert table[-3] == (
        "| memory | 45.5 MiB | 37.3 MiB (a bare server) | 1.22 | **not met** (at most 1.1 x) "
        "| **not reached** (at most 32 MiB) |"
    )
    assert table[-1] == "- memory: PSS"


def test_figures_of_two_machines_say_which_is_of_which() -> None:
    both = {**TAKEN, "start": Taken(machine="4 cores", rows=[])}
    assert results.as_text(both, BOUNDS).splitlines()[:2] == ["idle: 2 cores, 2026-11-28.", "start: 4 cores."]


def test_a_page_keeps_what_is_around_its_tables(tmp_path: Path) -> None:
    page = tmp_path / "costs.md"
    page.write_text(
        "a\n<!-- figures -->\nold\n<!-- end -->\nb\n<!-- peers -->\nold\n<!-- end of peers -->\nc\n"
    )
    assert pages.has_place(page)
    pages.write(page, "new", "others")
    assert page.read_text() == (
        "a\n<!-- figures -->\nnew\n<!-- end -->\nb\n<!-- peers -->\nothers\n<!-- end of peers -->\nc\n"
    )


def test_a_page_without_marks_has_no_place(tmp_path: Path) -> None:
    assert not pages.has_place(tmp_path / "none.md")


def test_what_peers_publish_stands_beside_our_figure() -> None:
    row = Row(figure="idle memory, as it comes", unit="MiB", ours=32.1)
    table = pages.peers({"idle": Taken(machine="", rows=[row])})
    assert "| memory, nothing to do | 32.1 MiB (idle memory, as it comes) | dotnet-monitor: " in table
    assert "not taken yet" in table
