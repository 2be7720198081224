"""Encoding or decoding something huge."""

from typing import Final

from model.verdict import Cause
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.patterns import WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.SERIALISATION
_MESSAGES: Final = r"/(?:google/protobuf|msgpack|marshmallow|pydantic|avro|fastavro|toml\w*|cbor2?|bson)/"
_BY_NAME: Final = (
    r"/[^/]*(?:yaml|json|xml|csv|pickle|msgpack|protobuf|seriali[sz]\w*|codec|marshal)[^/]*\.py$"
)

_CALLS: Final = (
    r"(?:.*\.)?(?:c?pickle|u?json|orjson|simplejson|marshal|msgpack|dill|cloudpickle|yaml|rapidjson)\.\w+"
    r"|(?:.*\.)?(?:SerializeToString|ParseFromString|deepcopy|packb|unpackb)"
)

PATTERNS: Final = (
    Pattern(_C, "encoding JSON", r"dumps?|encode|iterencode|_iterencode\w*", r"/(?:simple)?json/", WORKING),
    Pattern(_C, "decoding JSON", r"loads?|\w*decode|\w*scan\w*", r"/(?:simple)?json/", WORKING),
    Pattern(
        _C, "pickling", r"_?(?:dumps?|save\w*|batch_\w+|memoize)", r"/(?:\w*pickle\w*|_dill)\.py", WORKING
    ),
    Pattern(_C, "unpickling", r"_?loads?|load_\w+|find_class", r"/\w*pickle\w*\.py", WORKING),
    Pattern(_C, "pickling for another process", r"dumps?", r"/multiprocessing/reduction\.py", WORKING),
    Pattern(_C, "reading or writing YAML", r".+", r"/(?:yaml|ruamel/yaml)/", WORKING, reach=40),
    Pattern(_C, "reading or writing XML", r".+", r"/(?:xml/|lxml/|xmltodict)", WORKING, reach=40),
    Pattern(_C, "reading or writing messages", r".+", _MESSAGES, WORKING, reach=20),
    Pattern(_C, "deep-copying", r"_?deepcopy\w*|_reconstruct", r"/copy\.py", WORKING, reach=40),
    Pattern(_C, "encoding or decoding data", r".+", _BY_NAME, WORKING, reach=40),
    Pattern(_C, "encoding or decoding", call=_CALLS, doing=WORKING),
    Pattern(_C, "encoding or decoding in C", r".+", r"_(?:pickle|json)\.c", WORKING),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Look at how large the object is and how often it is encoded: send less, encode once, in parts or in "
        "another process, or use a faster encoder."
    ),
)


def _look(features: Features) -> Finding | None:
    return found(features, _ACTIVITY, certain=features.computes)


RULES: Final = {
    "serialisation": Rule(
        _C,
        "Most of the stalled time on a CPU inside json, pickle, yaml, xml, protobuf, pydantic or "
        "copy.deepcopy, in "
        "code of the target's own that is named after a format, or at a line that calls one of them.",
        _look,
    )
}
