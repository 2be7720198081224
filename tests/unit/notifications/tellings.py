"""News for tests."""

import msgspec

from model.news import Answer, Moment, News

HOSTILE = "<!channel> & </script> <https://evil|x> @here @channel"


def telling(moment: Moment = Moment.ACCEPTED, **changed: object) -> News:
    """News of a report, with these fields changed."""
    said = News(
        id=f"20261121T085811Z-demo-aaaaaa.{moment}",
        moment=moment,
        report="20261121T085811Z-demo-aaaaaa",
        path="demo/2026/11/21/20261121T085811Z-demo-aaaaaa",
        target="demo",
        host="node-1",
        pid=42,
        labels={"cluster": "prod"},
        triggered_at="2026-11-21T08:58:11.000Z",
        trigger="overrun",
        reason="an iteration runs for 12 s, above 5 s",
        drill=False,
        iteration="7",
        age_s=12.0,
        threshold_s=5.0,
        duration_s=None,
        outcome="complete",
        verdict=None,
        signature="",
        function="",
        function_share=None,
        locations={},
        link="",
    )
    return msgspec.structs.replace(said, **changed)


def judged(**changed: object) -> News:
    """The same once it is stored and judged."""
    answer = Answer(
        cause="dns",
        confidence="high",
        sentence="It waited for a name.",
        signature="dns-1a2b",
        remedy="Look at the resolver.",
    )
    return telling(
        Moment.STORED, **{"verdict": answer, "signature": "dns-1a2b", "duration_s": 13.0, **changed}
    )
