// One card a target. Cards stay and are brought up to date, so that focus and open parts stay, too.

import { bytes, clean, counted, duration, el, say, ticking } from "./dom.js";
import { described, strip } from "./strip.js";

const MOST_CARDS = 50;

export class Targets {
  constructor(ask) {
    this.ask = ask;
    this.cards = new Map();
    this.list = el("div", { id: "cards" });
    this.more = el("p", { class: "dim" });
    this.element = el(
      "section",
      { "aria-labelledby": "targets-heading", id: "targets" },
      el("h2", { id: "targets-heading" }, "Targets"),
      this.list,
      this.more,
    );
  }

  show(targets, at, chosen) {
    const wanted = targets.filter((each) => !chosen || each.name === chosen);
    const shown = wanted.slice(0, MOST_CARDS);
    for (const target of shown) {
      let card = this.cards.get(target.name);
      if (!card) {
        card = new Card(target.name, this.ask);
        this.cards.set(target.name, card);
        this.list.append(card.element);
      }
      card.show(target, at);
    }
    const names = new Set(shown.map((each) => each.name));
    for (const [name, card] of this.cards) {
      if (!names.has(name)) {
        card.element.remove();
        this.cards.delete(name);
      }
    }
    const left = wanted.length - shown.length;
    const none = chosen ? `No target is called ${chosen} now.` : "No target yet.";
    const more = left ? `and ${counted(left, "target")} more: choose one in the filter below` : "";
    say(this.more, wanted.length ? more : none);
  }

  tick(now) {
    for (const card of this.cards.values()) card.tick(now);
  }
}

class Card {
  constructor(name, ask) {
    this.target = null;
    const button = (label, act) => {
      const made = el("button", { type: "button", "aria-label": `${label}: ${name}` }, label);
      made.addEventListener("click", act);
      return made;
    };
    const collect = { target: name };
    this.now = button("Capture now", () => ask("POST", "/v1/collect", collect));
    this.next = button("Capture the next iteration", () =>
      ask("POST", "/v1/collect", { ...collect, when: "next-iteration" }),
    );
    this.cancel = button("Cancel the capture", () =>
      ask("DELETE", `/v1/captures/${encodeURIComponent(this.target.capture || this.target.waiting)}`),
    );
    this.state = el("span", { class: "state" });
    this.where = el("small");
    this.fill = el("span", { class: "fill" });
    this.bar = el("div", {
      class: "bar", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-label": `age of the iteration in flight of ${name}, in per cent of its threshold`,
    }, this.fill);
    this.age = el("p", { class: "age" });
    this.strip = el("div");
    this.scale = el("p", { class: "dim scale" });
    this.would = el("p", { class: "would" });
    this.limits = el("p", { class: "dim" });
    this.dashcam = el("p", { class: "dim dashcam" });
    this.verdict = el("p", { class: "verdict" });
    this.more = el("div");
    this.details = el("details", {}, el("summary", {}, "Sources, triggers, counts"), this.more);
    this.details.addEventListener("toggle", () => this.showMore());
    const heading = el("h3", {}, name);
    this.element = el(
      "article", { class: "target", "data-target": name },
      el("header", {}, heading, this.state, this.where,
        el("div", { class: "actions" }, this.now, this.next, this.cancel)),
      this.bar, this.age, this.strip, this.scale, this.would, this.limits, this.dashcam, this.verdict,
      this.details,
    );
  }

  show(target, at) {
    const before = this.target;
    this.target = target;
    this.at = at;
    say(this.state, target.state);
    this.state.className = `state ${/^[a-z]+$/.test(target.state) ? target.state : ""}`;
    say(this.where, target.pid ? `pid ${target.pid}` : target.address || "no process");
    const under = Boolean(target.capture || target.waiting);
    this.now.disabled = target.capturing;
    this.next.disabled = under;
    this.cancel.hidden = !under;
    if (!before || String(before.recent_durations_s) !== String(target.recent_durations_s)) {
      const durations = target.recent_durations_s || [];
      this.strip.replaceChildren(strip(durations, target.max_loop_time_s));
      say(this.scale, described(durations, target.max_loop_time_s));
    }
    const [says, tone, remedy] = outlook(target);
    say(this.would, `The next overrun: ${says}${remedy ? ` (${remedy})` : ""}`);
    this.would.className = `would ${tone}`;
    say(this.limits, allowance(target.limits));
    say(this.dashcam, dashcam(target.dashcam));
    const last = target.last_verdict;
    if (last && last.report !== this.judged) {
      this.judged = last.report;
      this.verdict.replaceChildren(...verdict(last));
    }
    this.tick(at);
    this.showMore();
  }

  tick(now) {
    const flight = this.target.in_flight;
    const passed = Math.max(0, (now - this.at) / 1000);
    const share = flight ? (flight.age_s + passed) / flight.threshold_s : 0;
    const percent = Math.min(100, Math.round(share * 100));
    this.fill.style.width = `${Math.min(100, share * 100).toFixed(2)}%`;
    this.fill.className = `fill ${share >= 1 ? "over" : share >= 0.75 ? "near" : ""}`;
    this.bar.setAttribute("aria-valuenow", percent);
    const text = flight ? aged(flight, passed) : "no iteration in flight";
    this.bar.setAttribute("aria-valuetext", clean(text));
    say(this.age, text);
  }

  showMore() {
    if (!this.details.open || !this.target) return;
    const target = this.target;
    this.more.replaceChildren(
      table("Sources", ["Source", "Mode", "Last event", "Now"], target.sources.map((each) => [
        each.name + (each.decides ? " (decides)" : ""),
        each.mode,
        each.last_event_age_s === null ? "none" : `${duration(each.last_event_age_s)} ago`,
        each.up ? "hears its target" : [each.detail, each.remedy].filter(Boolean).join("; "),
      ])),
      table("Triggers beside the overrun", ["Trigger", "Now"],
        target.triggers.map((each) => [each.name, each.says])),
      table("Since the daemon's start", ["What", "How often"], [
        ["iterations", target.iterations],
        ...Object.entries(target.captures).map(([name, count]) => [`captures: ${name}`, count]),
        ...Object.entries(target.refusals).map(([name, count]) => [`refused: ${name}`, count]),
      ]),
    );
  }
}

function aged(flight, passed) {
  const which = flight.iteration === null ? "this iteration" : `iteration ${flight.iteration}`;
  const fires = flight.fires_in_s - passed;
  const fired = flight.fired ? `, fired ${counted(flight.fired, "time")}` : "";
  const next = fires > 0 ? `${flight.fired ? "again" : "fires"} in ${ticking(fires)}` : "fires now";
  return `${which}: ${ticking(flight.age_s + passed)} of ${duration(flight.threshold_s)}${fired}, ${next}`;
}

function outlook(target) {
  let [says, tone, remedy] = ["captured", "good", target.remedy];
  if (target.sources.some((each) => each.decides && !each.up)) {
    [says, tone, remedy] = ["not noticed: its source hears nothing", "bad", ""];
  } else if (target.limits.would_refuse) {
    [says, tone] = [`refused: ${target.limits.why}`, "bad"];
  } else if (target.detail) {
    [says, tone] = [`captured, but ${target.detail}`, "bad"];
  }
  if (target.capturing) return ["none, as a capture is in progress", "", ""];
  if (target.waiting) says = `a capture waits for the next iteration; else ${says}`;
  return [says, tone, remedy];
}

function allowance(limits) {
  const untold = limits.cooldown_left_s > 0 && limits.would_refuse !== "cooldown";
  const cooldown = untold ? `cooldown for ${duration(limits.cooldown_left_s)} more, ` : "";
  return `${cooldown}${counted(limits.captures_left_this_hour, "capture")} left this hour`;
}

function dashcam(told) {
  if (!told) return "";
  const does = told.sampling ? `sampling at ${told.rate_hz} Hz by ${told.sampler}` : told.why_not || "at rest";
  const holds = told.held_bytes ? `, holds ${duration(told.held_s)} in ${bytes(told.held_bytes)}` : "";
  return `Dashcam ${told.mode}: ${does}${holds}`;
}

function verdict(last) {
  if (!last) return [];
  const { cause, confidence, sentence } = last.verdict;
  const where = `/v1/reports/${encodeURIComponent(last.report)}/report.html`;
  return [
    el("strong", {}, `Last verdict: ${cause.replaceAll("_", " ")} (${confidence}) `),
    el("a", { href: where, target: "_blank", rel: "noopener" }, sentence || last.report),
  ];
}

function table(caption, heads, rows) {
  if (!rows.length) return "";
  return el(
    "table", {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell))))),
  );
}
