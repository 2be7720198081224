"""Formats and patterns, used by way of libraries."""

import copy
import csv
import difflib
import io
import xml.etree.ElementTree as ElementTree

import jsonschema
import yaml

from benchmarks.strangers.contract import Place, lasting

_ROWS = "name,zone,cpu,memory\n" + "node-1,eu-west-1a,4,16GiB\n" * 20_000
_TREE = "<nodes>" + "<node zone='a'><cpu>4</cpu></node>" * 50_000 + "</nodes>"
_PAGE = "- {name: node-1, zone: a, cpu: 4}\n" * 500
_NAMES = {"type": "string", "pattern": "^([a-z0-9]+-?)+$"}
_POD = {"labels": {str(number): [number] for number in range(200)}}


def read_table(place: Place) -> None:
    """Rows of a big CSV as mappings."""
    for _ in lasting(place.seconds):
        for row in csv.DictReader(io.StringIO(_ROWS)):
            row.get("zone")


def read_tree(place: Place) -> None:
    """XML by the parser in C."""
    for _ in lasting(place.seconds):
        ElementTree.fromstring(_TREE)


def read_page(place: Place) -> None:
    """YAML in pure Python."""
    for _ in lasting(place.seconds):
        yaml.safe_load(_PAGE)


def copy_pods(place: Place) -> None:
    """Deep copies of what is small, very often."""
    for _ in lasting(place.seconds):
        copy.deepcopy(_POD)


def check_names(place: Place) -> None:
    """A schema whose pattern backtracks."""
    for _ in lasting(place.seconds):
        jsonschema.Draft202012Validator(_NAMES).is_valid("a" * 22 + "!")


def compare_texts(place: Place) -> None:
    """A difference of two texts, in pure Python of the standard library."""
    before, after = ("".join(chr(97 + n * step % 26) for n in range(4000)) for step in (7, 11))
    for _ in lasting(place.seconds):
        difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()
