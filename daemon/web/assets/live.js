// The daemon's page: the status as it streams in, and what can be asked for by hand.

import { bytes, counted, duration, el, say } from "./dom.js";
import { Reports } from "./reports.js";
import { Targets } from "./targets.js";

const POLL_MS = 5000;
const TICK_MS = 250;
const STALE_MS = 10000; // without any word, though the connection stands

const connection = document.getElementById("connection");
const said = document.getElementById("said");
const notices = el("div", { id: "notices" });
const sinks = el("p", { class: "dim", id: "sinks" });
const targets = new Targets(ask);
const reports = new Reports(() => redraw());
let newest = null; // the last message, with the time at which it came
let known = null; // which reports are shown
let fetching = false;
let stream = null;
let polling = 0;
let patience = STALE_MS;

function take(news) {
  if (!newest) {
    document.getElementById("plain").remove();
    document.getElementById("main").append(notices, targets.element, reports.element, sinks);
  }
  const at = performance.now();
  patience = Math.max(STALE_MS, newest ? 3 * (at - newest.at) : 0); // a large fleet's status comes less often
  newest = { ...news, at };
  document.body.classList.remove("lost");
  say(connection, "live");
  redraw();
  if (news.reports !== known || known === null) fetchReports(news.reports);
}

function redraw() {
  if (!newest) return;
  const { status, at } = newest;
  targets.show(status.targets, at, reports.filter.target);
  reports.options(status.targets.map((each) => each.name));
  const faults = [];
  if (status.disabled) faults.push("Captures are disabled by the switch file.");
  if (status.refused_config) {
    faults.push(`The newest configuration was refused, the one before is in use: ${status.refused_config}`);
  }
  if (status.spool_damaged) faults.push(`${counted(status.spool_damaged, "damaged entry")} set aside.`);
  for (const [kind, queues] of [["Sink", status.sinks], ["Notification", status.notifications || []]]) {
    for (const { name, pending, dead, last_error: error } of queues) {
      if (dead || error) faults.push(`${kind} ${name}: ${pending} pending, ${dead} given up. ${error}`);
    }
  }
  if (notices.textContent !== faults.join("")) {
    notices.replaceChildren(...faults.map((fault) => el("p", { class: "bad" }, fault)));
  }
  say(sinks, `${counted(status.spool_reports, "report")}, ${bytes(status.spool_bytes)} in the spool.`);
}

async function fetchReports(revision) {
  if (fetching) return; // the next message asks again
  fetching = true;
  try {
    const { targets: watched, spool_reports: total } = newest.status;
    reports.show(await asked("GET", "/v1/reports"), watched.map((each) => each.name), total);
    known = revision;
  } catch (error) {
    say(connection, error.message);
  } finally {
    fetching = false;
  }
}

async function asked(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
    cache: "no-store",
    redirect: "error",
  }).catch(() => {
    throw new Error("the daemon does not answer");
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error([told.error, told.remedy].filter(Boolean).join("; "));
  return told;
}

// What a button asks for, and what came of it.
async function ask(method, path, body) {
  try {
    const capture = await asked(method, path, body);
    say(said, `${capture.target}: capture ${capture.id} ${method === "DELETE" ? "is given up" : capture.state}`);
    said.className = "good";
  } catch (error) {
    say(said, `Not done: ${error.message}`);
    said.className = "bad";
  }
}

function look() {
  stream = new EventSource("/v1/live");
  stream.onmessage = (message) => take(JSON.parse(message.data));
  stream.onerror = () => {
    lost();
    if (stream && stream.readyState === EventSource.CLOSED) poll(); // refused: too many look already
  };
}

async function poll() {
  rest();
  polling = setTimeout(poll, POLL_MS);
  try {
    take({ status: await asked("GET", "/v1/status"), reports: Math.random() });
  } catch {
    lost();
  }
}

function lost() {
  document.body.classList.add("lost");
  const since = newest ? `; what is shown is ${duration((performance.now() - newest.at) / 1000)} old` : "";
  say(connection, `the daemon does not answer; trying again${since}`);
}

function rest() {
  if (stream) stream.close();
  stream = null;
  clearTimeout(polling);
}

// Nobody looks at a page that is hidden, and the daemon then has nothing to do for it.
document.addEventListener("visibilitychange", () => {
  rest();
  if (!document.hidden) look();
});
setInterval(() => {
  if (!newest || document.hidden) return;
  const now = performance.now();
  if (document.body.classList.contains("lost") || now - newest.at > patience) lost();
  else targets.tick(now);
}, TICK_MS);
look();
