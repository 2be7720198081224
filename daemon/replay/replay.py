"""Plays a recording to the daemon's own parts, with the time that the recording tells."""

from collections import Counter
from collections.abc import Iterable

from daemon.config.settings import Target
from daemon.limits.admission import limit_rules
from daemon.limits.rates import Instant, Limits
from daemon.replay.steps import Recording, Said
from daemon.replay.story import Decision, Story, Turn
from daemon.sources.contract import Source
from daemon.targets.target import made_watch
from daemon.watch.iterations import Ended, InFlight, Stray
from model.events import Event, PlanName, Trigger

ANEW_S = 60.0  # a log may be a little out of order; further back it is another one
FAR_S = 86400.0  # a stamp so far ahead may be wrong


class Replay:
    """One target, one recording."""

    def __init__(self, target: Target, source: str, options: Source, recording: Recording) -> None:
        self._target = target
        self._source = source
        self._recording = recording
        self._watch = made_watch(target, options)
        self._watch.process_found(fresh=False)  # where in the target's life it begins is not known
        self._limits = Limits()
        self._clock_s = float("-inf")
        self._down = False
        self._heard_s = float("-inf")  # when it was heard again
        self._turns: list[Turn] = []
        self._decisions: dict[tuple[str | None, float], list[Decision]] = {}  # of what is in flight
        self._strays: Counter[str] = Counter()
        self._back: list[float] = []
        self._ahead: list[float] = []

    def play(self, blocks: Iterable[bytes]) -> Story:
        """What would have happened; raises LoopcamError for a recording without times."""
        for step in self._recording.steps(blocks):
            if step.at_s is not None:
                self._pass(step.at_s)
            if not self._recording.tells_late:
                self._fire()
            self._take_all(step.said)
            self._again(down=step.down)
            self._fire()
        self._drop(in_flight=True)
        return self._story()

    def _pass(self, at_s: float) -> None:
        """Let time pass."""
        if at_s < self._clock_s - ANEW_S:
            self._back.append(at_s)
            self._drop()
            self._watch.process_gone()
            self._watch.process_found(fresh=False)
            self._limits, self._clock_s = Limits(), at_s
        if float("-inf") < self._clock_s < at_s - FAR_S:
            self._ahead.append(at_s)
        self._clock_s = max(self._clock_s, at_s)

    def _fire(self) -> None:
        """Fire what has fallen due, unless nothing could be heard: then not before it can."""
        while not self._down and (due_s := self._watch.due_s()) is not None and due_s <= self._clock_s:
            if trigger := self._watch.fire(max(due_s, self._heard_s)):
                self._decide(trigger)

    def _again(self, *, down: bool) -> None:
        """Whether it is heard now; what fell due meanwhile fires when it is heard again."""
        if self._down and not down:
            self._heard_s = self._clock_s
        self._down = down

    def _take_all(self, said: Iterable[Said]) -> None:
        for one in said:
            event = Event(
                source=self._source,
                target=self._target.name,
                kind=one.kind,
                at_s=self._clock_s if one.at_s is None else one.at_s,
                iteration=one.iteration,
                duration_s=one.duration_s,
            )
            self._take(event)

    def _decide(self, trigger: Trigger) -> None:
        now = Instant(boot_s=trigger.at_s, wall_s=trigger.at_s)
        name, kind, plan = self._target.name, trigger.kind, trigger.plan
        said = self._limits.refusal(name, limit_rules(self._target), kind, now.boot_s, plan)
        if said is None:
            self._limits.spend(name, kind, now, plan)
        refused, why = said or ("", "")
        started_s = trigger.started_s or 0.0
        made = Decision(
            at_s=trigger.at_s,
            age_s=trigger.at_s - started_s,
            light=plan is PlanName.LIGHT,
            held_to_s=self._adapted_s(trigger),
            reason=trigger.reason,
            refused=str(refused),
            why=why,
        )
        self._decisions.setdefault((trigger.iteration, started_s), []).append(made)

    def _adapted_s(self, trigger: Trigger) -> float | None:
        """The threshold, where it followed what iterations took until then."""
        fixed_s = (self._target.threshold_s, self._watch.rules.first_loop_time_s)
        return None if trigger.threshold_s in fixed_s else trigger.threshold_s

    def _take(self, event: Event) -> None:
        before = self._watch.all_in_flight()
        for happening in self._watch.take(event):
            if isinstance(happening, Ended):
                self._ended(happening, before)
            else:
                self._strays[happening] += 1
                if happening is Stray.LOST_END:
                    self._turns.append(self._open(before[0]))

    def _ended(self, ended: Ended, before: Iterable[InFlight]) -> None:
        seen = next((one for one in before if one.iteration == ended.iteration), None)
        seen = seen or next(iter(before), None)
        decisions = self._decisions.pop((seen.iteration, seen.started_s), []) if seen else []
        if seen is not None and seen.fired and not ended.overran:
            self._turns.append(_pause(seen, ended, tuple(decisions)))
            decisions = []
        self._turns.append(
            Turn(
                name=ended.iteration,
                started_s=ended.started_s,
                ended_s=ended.ended_s,
                took_s=ended.ended_s - ended.started_s,
                overran=ended.overran,
                decisions=tuple(decisions),
            )
        )

    def _open(self, one: InFlight, *, in_flight: bool = False) -> Turn:
        return Turn(
            name=one.iteration,
            started_s=one.started_s,
            ended_s=None,
            took_s=max(0.0, self._clock_s - one.started_s),
            overran=one.fired > 0,
            in_flight=in_flight,
            decisions=tuple(self._decisions.pop((one.iteration, one.started_s), ())),
        )

    def _drop(self, *, in_flight: bool = False) -> None:
        """Nothing more is known of what is in flight."""
        self._turns += [self._open(one, in_flight=in_flight) for one in self._watch.all_in_flight()]
        self._decisions.clear()

    def _story(self) -> Story:
        return Story(
            target=self._target.name,
            source=self._source,
            found=self._recording.found(),
            strays=dict(self._strays),
            back=tuple(self._back),
            ahead=tuple(self._ahead),
            turns=tuple(self._turns),
        )


def _pause(seen: InFlight, ended: Ended, decisions: tuple[Decision, ...]) -> Turn:
    """The silence that fired before an end which told of a short iteration."""
    ended_s = max(ended.started_s, seen.started_s)
    return Turn(
        name=None,
        started_s=seen.started_s,
        ended_s=ended_s,
        took_s=ended_s - seen.started_s,
        overran=True,
        pause=True,
        decisions=decisions,
    )
