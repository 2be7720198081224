// The reports of the spool, filtered by what the page's address says, so that a filter can be shared.

import { bytes, counted, el, say } from "./dom.js";

const HEADS = ["When (UTC)", "Target", "Why", "Verdict", "Outcome", "Stored", "Size", "Keep"];
const FIELDS = ["target", "cause", "q"];

export class Reports {
  constructor(changed) {
    this.reports = [];
    this.total = 0;
    this.changed = changed;
    const asked = new URLSearchParams(location.search);
    this.filter = Object.fromEntries(FIELDS.map((name) => [name, asked.get(name) || ""]));
    this.target = el("select", { id: "filter-target" });
    this.cause = el("select", { id: "filter-cause" });
    this.text = el("input", { id: "filter-text", type: "search", autocomplete: "off", spellcheck: "false" });
    this.text.value = this.filter.q;
    this.found = el("p", { id: "found", role: "status", class: "dim" });
    this.rows = el("tbody");
    const form = el(
      "form", { role: "search", "aria-label": "reports" },
      el("label", { for: "filter-target" }, "Target"), this.target,
      el("label", { for: "filter-cause" }, "Cause"), this.cause,
      el("label", { for: "filter-text" }, "Text"), this.text,
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.choose());
    this.element = el(
      "section", { id: "reports", "aria-labelledby": "reports-heading" },
      el("h2", { id: "reports-heading" }, "Reports"),
      form, this.found,
      el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "table of reports" },
        el("table", {},
          el("thead", {}, el("tr", {}, HEADS.map((head) => el("th", { scope: "col" }, head)))),
          this.rows)),
    );
  }

  choose() {
    this.filter = { target: this.target.value, cause: this.cause.value, q: this.text.value };
    const asked = new URLSearchParams(Object.entries(this.filter).filter(([, value]) => value));
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
    this.draw();
    this.changed();
  }

  // `names` are the targets that there are now; reports may be of others.
  options(names) {
    offer(this.target, new Set([...names, ...this.reports.map((each) => each.target)]), this.filter.target);
    offer(this.cause, new Set(this.reports.map((each) => verdict(each).cause)), this.filter.cause);
  }

  // `total` are all of the spool, of which the newest are known here.
  show(reports, names, total) {
    this.reports = reports;
    this.total = total;
    this.options(names);
    this.draw();
  }

  draw() {
    const shown = this.reports.filter((each) => this.wanted(each));
    this.rows.replaceChildren(...shown.map(row));
    const all = this.reports.length;
    const none = "None yet. An iteration that overruns makes one.";
    const known = this.total > all ? `the newest ${all} of ${counted(this.total, "report")}` : counted(all, "report");
    say(this.found, all ? `${shown.length} of ${known}` : none);
  }

  wanted(report) {
    const { target, cause, q } = this.filter;
    const said = verdict(report);
    const words = [report.id, report.target, report.reason, report.outcome, report.top,
      said.cause, said.sentence, said.signature].join("\n").toLowerCase();
    return (!target || report.target === target) && (!cause || said.cause === cause)
      && words.includes(q.trim().toLowerCase());
  }
}

// A report without a verdict has a cause of "".
function verdict(report) {
  return report.verdict || { cause: "", confidence: "", sentence: "", signature: "", remedy: "" };
}

function offer(select, values, chosen) {
  const wanted = [...values, chosen].filter(Boolean).sort();
  const unique = ["", ...new Set(wanted)];
  const offered = [...select.options].map((each) => each.value);
  if (!offered.length || offered.join("\n") !== unique.join("\n")) {
    select.replaceChildren(...unique.map((value) => {
      const option = el("option", {}, value || "all");
      option.value = value;
      return option;
    }));
  }
  select.value = chosen;
}

function row(report) {
  const where = `/v1/reports/${encodeURIComponent(report.id)}`;
  const when = el("time", { datetime: report.triggered_at },
    report.triggered_at.slice(0, 19).replace("T", " "));
  const open = report.drawn
    ? el("a", { href: `${where}/report.html`, target: "_blank", rel: "noopener" }, when)
    : el("span", {}, when);
  const unsent = Object.entries(report.notices || {}).filter(([, each]) => each.progress !== "delivered");
  const stored = [...Object.entries(report.sinks), ...unsent].map(([name, delivery]) => {
    const trouble = [delivery.error, delivery.remedy].filter(Boolean).join("; ");
    const where = delivery.location && el("small", { class: "place", title: delivery.location }, delivery.location);
    return el("div", { class: delivery.progress === "dead" ? "bad" : "" },
      `${name}: ${delivery.progress}`, where || (trouble && el("small", {}, ` ${trouble}`)));
  });
  const keep = report.drawn
    ? el("a", { href: `${where}.tar.gz`, download: "", "aria-label": `archive of ${report.id}` }, "archive")
    : el("span", { class: "dim" }, "being drawn");
  const cells = [open, report.target, report.reason, answer(report), report.outcome, el("div", {}, stored),
    bytes(report.size_bytes), keep];
  return el("tr", { "data-report": report.id }, cells.map((cell, at) => el("td", { "data-head": HEADS[at] }, cell)));
}

function answer(report) {
  const { cause, confidence, sentence, remedy, signature } = verdict(report);
  if (!cause) return el("span", {}, report.top ? `most seen: ${report.top}` : "");
  return el("div", {},
    el("strong", {}, `${cause.replaceAll("_", " ")} (${confidence})`),
    el("div", {}, sentence),
    el("small", {}, [remedy, signature && `Signature ${signature}.`].filter(Boolean).join(" ")));
}
