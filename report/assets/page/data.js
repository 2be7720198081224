/* What the page knows, decoded once; and how times, shares and amounts are written. */
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

/* Whole numbers as report/page/columns.py writes them: seven bits a byte, zigzag, base64. */
function integers(text, Kind = Float64Array) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  let count = 0;
  for (const byte of bytes) if (byte < 128) count++;
  const found = new Kind(count);
  for (let at = 0, to = 0; to < count; to++) {
    let number = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      number += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    found[to] = number % 2 ? -(number + 1) / 2 : number / 2;
  }
  return found;
}

const functions = (() => {
  const file = integers(data.functions.file, Int32Array);
  const origin = integers(data.functions.origin, Uint8Array);
  const { name, colour } = data.functions;
  return { name, colour, origin, file: (number) => data.files[file[number]] };
})();
const STANDARD = 2;

/* Stacks: the first has no frame; of every other, its caller, the function of its innermost frame, the line. */
const stacks = (() => {
  const distance = integers(data.stacks.caller, Int32Array);
  const count = distance.length + 1;
  const caller = new Int32Array(count).fill(-1);
  const called = new Int32Array(count).fill(-1);
  const line = new Int32Array(count);
  called.set(integers(data.stacks.function, Int32Array), 1);
  line.set(integers(data.stacks.line, Int32Array), 1);
  const culprit = new Int32Array(count); // the innermost stack outside the standard library, or the stack itself
  const found = new Uint8Array(count);
  for (let stack = 1; stack < count; stack++) {
    caller[stack] = stack - distance[stack - 1];
    const own = functions.origin[called[stack]] !== STANDARD;
    found[stack] = own || found[caller[stack]] ? 1 : 0;
    culprit[stack] = own ? stack : found[stack] ? culprit[caller[stack]] : stack;
  }
  return { count, caller, called, line, culprit };
})();

const threads = data.threads.map((thread) => {
  const gap = integers(thread.gap);
  const us = integers(thread.us);
  const start = new Float64Array(gap.length);
  const end = new Float64Array(gap.length);
  let at = data.start;
  for (let run = 0; run < gap.length; run++) {
    start[run] = at + gap[run];
    end[run] = at = start[run] + us[run];
  }
  return {
    label: thread.label, row: thread.row, main: thread.main, group: thread.group, start, end,
    stack: integers(thread.stack, Int32Array), state: integers(thread.state, Uint8Array),
  };
});

const healthy = data.healthy.map((tree) => ({
  group: tree.group,
  caller: integers(tree.caller, Int32Array),
  called: integers(tree.function, Int32Array),
  line: integers(tree.line, Int32Array),
  us: Object.fromEntries(Object.entries(tree.us).map(([doing, column]) => [doing, integers(column)])),
}));

const signals = new Map(data.signals.map((signal) => {
  let at = 0;
  const times = Array.from(integers(signal.times), (step) => (at += step) / 1e6);
  return [signal.name, { name: signal.name, unit: signal.unit, times, values: signal.values }];
}));

const span = data.end - data.start;

/* A duration, as model/units.py says it elsewhere on this page: three digits at most below a minute. */
function seconds(us) {
  if (us <= 0) return "0 s";
  if (us < 1e3) return `${Math.round(us)} µs`;
  if (us < 999.5e3) return `${+(us / 1e3).toPrecision(3)} ms`;
  const all = us < 1e8 ? +(us / 1e6).toPrecision(3) : Math.round(us / 1e6);
  if (all < 60) return `${all} s`;
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), +(all % 60).toFixed(1)];
  return [[hours, "h"], [minutes, "m"], [rest, "s"]].filter(([count]) => count).map((part) => part.join(" ")).join(" ");
}

/* Times on the axis have one unit and so many digits that what is told of them adds up. */
const scale = (() => {
  if (span >= 1e6) return { us: 1e6, unit: "s", digits: span < 1e8 ? 2 : 1 };
  return span >= 1e3 ? { us: 1e3, unit: "ms", digits: 1 } : { us: 1, unit: "µs", digits: 0 };
})();
const onScale = (us) => +(us / scale.us).toFixed(scale.digits);

/* A time before or after the trigger. */
function moment(us) {
  const found = onScale(us);
  if (!found) return "0 s";
  return `${found < 0 ? "−" : "+"}${Math.abs(found).toFixed(scale.digits)} ${scale.unit}`;
}

/* From one moment to another, and how long that is. */
function range({ start, end }) {
  const lasts = (onScale(end) - onScale(start)).toFixed(scale.digits);
  return `${moment(start)} to ${moment(end)}: ${lasts} ${scale.unit}`;
}

function share(part, whole) {
  const percent = whole ? (100 * part) / whole : 0;
  if (percent <= 0) return "0%";
  if (percent < 0.1) return "< 0.1%";
  return percent >= 99.95 ? "100%" : `${percent.toFixed(1)}%`;
}

function amount(value, unit) {
  if (unit.startsWith("bytes")) {
    const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = 0;
    while (Math.abs(value) >= 1024 && step < steps.length - 1) { value /= 1024; step++; }
    return `${+value.toPrecision(3)} ${steps[step]}${unit.slice(5)}`;
  }
  if (unit === "share") return value > 0 && value < 0.001 ? "< 0.1%" : `${+(100 * value).toPrecision(value < 0.01 ? 1 : 3)}%`;
  return value > 0 && value < 0.01 ? "< 0.01" : `${+value.toPrecision(value < 0.1 ? 1 : 3)}`;
}

/* An element with text; what comes from the data is text, always. */
function element(name, text = "", kind = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.textContent = text;
  return made;
}
