/* The selected range of time, in microseconds from the trigger: by pointer, keyboard, numbers and names. */
const selection = (() => {
  const tracks = byId("tracks");
  const LEAST = Math.max(1, span / 5000);
  const listeners = [];
  const now = { start: data.start, end: data.end };
  const ends = { start: byId("handle-from"), end: byId("handle-to") };
  const numbers = { start: byId("from"), end: byId("to") };
  const buttons = [...document.querySelectorAll("[data-preset]")];
  const overlays = () => document.querySelectorAll(".overlay");
  const portion = (us) => (us - data.start) / span;
  const within = (us) => Math.min(data.end, Math.max(data.start, us));
  let waiting = 0;

  function select(from, until, resting = true) {
    let start = within(Math.min(from, until));
    let end = within(Math.max(from, until));
    if (end - start < LEAST) {
      end = Math.min(data.end, start + LEAST);
      start = end - LEAST;
    }
    Object.assign(now, { start, end });
    show();
    clearTimeout(waiting);
    const tell = () => listeners.forEach((each) => each());
    if (resting) tell();
    else waiting = setTimeout(tell, 60); // a drag moves often; what costs more than a moment follows when it rests
  }

  function show() {
    for (const overlay of overlays()) {
      overlay.style.setProperty("--from", portion(now.start));
      overlay.style.setProperty("--to", portion(now.end));
    }
    for (const end of ["start", "end"]) {
      numbers[end].value = +(now[end] / 1e6).toFixed(3);
      ends[end].setAttribute("aria-valuenow", (now[end] / 1e6).toFixed(3));
      ends[end].setAttribute("aria-valuetext", `${moment(now[end])} from the trigger`);
    }
    for (const button of buttons) {
      const preset = data.presets.find((each) => each.key === button.dataset.preset);
      const same = Math.abs(preset.start - now.start) < LEAST && Math.abs(preset.end - now.end) < LEAST;
      button.setAttribute("aria-pressed", same);
    }
    byId("selected").textContent = range(now);
  }

  function preset(key) {
    const found = data.presets.find((each) => each.key === key);
    if (found) select(found.start, found.end);
  }

  const step = (event) => span * (event.shiftKey ? 0.1 : 0.01);
  function onKey(end, event) {
    const to = {
      ArrowLeft: now[end] - step(event), ArrowDown: now[end] - step(event),
      ArrowRight: now[end] + step(event), ArrowUp: now[end] + step(event),
      Home: data.start, End: data.end,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (end === "start") select(Math.min(within(to), now.end - LEAST), now.end);
    else select(now.start, Math.max(within(to), now.start + LEAST));
  }

  /* Where a pointer is; on a handle it moves that end, on a lane it begins anew. */
  function at(event, lane) {
    const box = lane.getBoundingClientRect();
    return data.start + ((event.clientX - box.left) / box.width) * span;
  }

  function drag(root) {
    let begun = null;
    root.addEventListener("pointerdown", (event) => {
      const lane = event.target.closest(".lane") || root.querySelector(".lane");
      const handle = event.target.closest(".handle");
      if (event.button || !(handle || event.target.closest(".lane"))) return;
      const anchor = handle ? (handle === ends.start ? now.end : now.start) : at(event, lane);
      begun = { anchor, lane, x: event.clientX, moved: Boolean(handle) };
      root.setPointerCapture(event.pointerId);
    });
    root.addEventListener("pointermove", (event) => {
      if (!begun) return;
      begun.moved ||= Math.abs(event.clientX - begun.x) > 3;
      if (begun.moved) select(begun.anchor, at(event, begun.lane), false);
    });
    root.addEventListener("pointerup", (event) => {
      const last = begun;
      begun = null;
      const row = last && !last.moved && last.lane.closest(".band");
      if (row) row.dispatchEvent(new CustomEvent("pick", { bubbles: true }));
      event.preventDefault();
    });
    root.addEventListener("pointercancel", () => { begun = null; });
  }

  function start() {
    for (const end of ["start", "end"]) {
      ends[end].setAttribute("aria-valuemin", (data.start / 1e6).toFixed(3));
      ends[end].setAttribute("aria-valuemax", (data.end / 1e6).toFixed(3));
      ends[end].addEventListener("keydown", (event) => onKey(end, event));
      numbers[end].addEventListener("change", () => {
        const typed = { ...now, [end]: numbers[end].valueAsNumber * 1e6 };
        if (Number.isFinite(typed[end])) select(typed.start, typed.end);
        else show();
      });
    }
    for (const button of buttons) button.addEventListener("click", () => preset(button.dataset.preset));
    const charts = byId("charts");
    if (charts) {
      const overlay = element("div", "", "overlay");
      overlay.append(element("div", "", "chosen"));
      charts.append(overlay);
      drag(charts);
    }
    drag(tracks);
    preset(data.presets[0].key);
  }

  return { now, start, select, onChange: (listener) => listeners.push(listener) };
})();
