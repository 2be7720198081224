// Elements made of data. Data becomes text and attributes only: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";
// What does not print, or turns the direction of its surroundings, is shown as an escape.
const UNPRINTABLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

export function clean(value) {
  return String(value).replace(
    UNPRINTABLE,
    (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(name, clean(value === true ? "" : value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== "") {
      element.append(child instanceof Node ? child : clean(child));
    }
  }
  return element;
}

export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

// Writes only what changed, so that a screen reader and a selection are left in peace.
export function say(element, text) {
  const shown = clean(text);
  if (element.textContent !== shown) element.textContent = shown;
}

// A duration as model/units.py says it elsewhere: `3.83 s`, `94 ms`, `2 m 30 s`.
export function duration(seconds) {
  return ticking(seconds).replace(/\.(\d*?)0+(?= )/, (_, kept) => (kept ? `.${kept}` : ""));
}

// The same for what is counted on while one looks: always with as many digits, so that it does not jump.
export function ticking(seconds) {
  if (seconds < 0.0995) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${seconds.toPrecision(3)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours) return minutes ? `${hours} h ${minutes} m` : `${hours} h`;
  return whole % 60 ? `${minutes} m ${whole % 60} s` : `${minutes} m`;
}

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${unit && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
