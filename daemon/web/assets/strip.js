// The last durations of a target's iterations as bars on a logarithmic scale, with the threshold as a line.

import { counted, duration, svg } from "./dom.js";

const WIDTH = 600;
const HEIGHT = 64;
const PLACES = 100;

export function strip(durations, threshold) {
  const known = durations.filter((each) => each > 0);
  const least = Math.min(threshold, ...known) / 2;
  const most = Math.max(threshold, ...known) * 1.3;
  const height = (seconds) =>
    Math.max(1, (Math.log(Math.max(seconds, least) / least) / Math.log(most / least)) * HEIGHT);
  const step = WIDTH / PLACES;
  const first = PLACES - durations.length;
  const bars = durations.map((seconds, at) =>
    svg(
      "rect",
      {
        class: seconds > threshold ? "over" : "within",
        x: ((first + at) * step).toFixed(1),
        y: (HEIGHT - height(seconds)).toFixed(1),
        width: (step - 1).toFixed(1),
        height: height(seconds).toFixed(1),
      },
      svg("title", {}, duration(seconds)),
    ),
  );
  const line = (HEIGHT - height(threshold)).toFixed(1);
  return svg(
    "svg",
    {
      class: "strip",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": described(durations, threshold),
    },
    bars,
    svg("line", { class: "threshold", x1: 0, x2: WIDTH, y1: line, y2: line }),
  );
}

export function described(durations, threshold) {
  if (!durations.length) return "no iteration has ended yet";
  const ordered = [...durations].sort((a, b) => a - b);
  const over = durations.filter((each) => each > threshold).length;
  const median = ordered[Math.floor((ordered.length - 1) / 2)];
  return (
    `last ${counted(durations.length, "iteration")}: median ${duration(median)}, ` +
    `longest ${duration(ordered[ordered.length - 1])}, ${over} over ${duration(threshold)} (the line; logarithmic)`
  );
}
