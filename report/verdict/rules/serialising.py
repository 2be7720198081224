"""Encoding or decoding something huge."""

from typing import Final

from model.verdict import Cause
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.patterns import WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.SERIALISATION

PATTERNS: Final = (
    Pattern(
        _C, "encoding JSON", r"dumps?|encode|iterencode|_iterencode\w*|default", r"/(?:simple)?json/", WORKING
    ),
    Pattern(
        _C,
        "decoding JSON",
        r"loads?|decode|raw_decode|object_hook|py_make_scanner|scan_once",
        r"/(?:simple)?json/",
        WORKING,
    ),
    Pattern(
        _C,
        "pickling",
        r"_?(?:dumps?|save\w*|batch_\w+|memoize|__reduce\w*|reducer_override)",
        r"/(?:pickle|cloudpickle\w*|dill/_dill)\.py|/cloudpickle/",
        WORKING,
    ),
    Pattern(_C, "unpickling", r"_?loads?|load_\w+|find_class", r"/pickle\.py", WORKING),
    Pattern(_C, "reading or writing YAML", r".+", r"/(?:yaml|ruamel/yaml)/", WORKING, reach=40),
    Pattern(
        _C, "reading or writing XML", r".+", r"/(?:xml/(?:etree|dom|sax)|lxml|xmltodict)", WORKING, reach=40
    ),
    Pattern(
        _C,
        "reading or writing messages",
        r".+",
        r"/(?:google/protobuf|msgpack|marshmallow|pydantic|avro|fastavro|toml\w*)/",
        WORKING,
        reach=20,
    ),
    Pattern(_C, "deep-copying", r"_?deepcopy\w*|_reconstruct|_keep_alive", r"/copy\.py", WORKING, reach=40),
    Pattern(
        _C,
        "encoding or decoding",
        (
            r"\w*(?:pickle|json|marshal)_?(?:dumps?|loads?|encode|decode)\w*|_pickle\w*|py_scanstring\w*"
            r"|encoder_listencode\w*|scan_once_unicode|_parse_(?:object|array)_unicode"
        ),
        r"",
        WORKING,
    ),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Look at how large the object is and how often it is encoded: send less, encode once, in parts or in "
        "another process, or use a faster encoder."
    ),
)


def _look(features: Features) -> Finding | None:
    on_cpu = features.culprit.threads[0].cpu
    return found(features, _ACTIVITY, certain=on_cpu is None or on_cpu > 0.3)


RULES: Final = {
    "serialisation": Rule(
        Cause.SERIALISATION,
        "Most of the stalled time on a CPU (not waiting) inside json, pickle, yaml, xml, protobuf, "
        "pydantic or "
        "copy.deepcopy, innermost but for the standard library.",
        _look,
    )
}
