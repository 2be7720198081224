/* A band per thread: what it was doing when, in the colour of the function, paler while it waited. */
const bands = (() => {
  const paint = byId("paint");
  const tip = element("div", "", "tip");
  tip.hidden = true;
  document.body.append(tip);
  const rows = threads.map((thread) => {
    const row = byId(`thread-${thread.row}`);
    return { thread, row, lane: row.querySelector(".lane"), canvas: document.createElement("canvas") };
  });

  function tooltip(text, event) {
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : below}px`;
  }

  /* For each column of pixels what took most of it: a number of function and state, or 0. */
  function columns(thread, width) {
    const found = new Float64Array(width);
    const scale = width / span;
    let small = new Map();
    let column = -1;
    const settle = () => {
      const [key] = [...small].sort((a, b) => b[1] - a[1])[0] || [0];
      if (column >= 0 && column < width && !found[column]) found[column] = key;
      small = new Map();
    };
    for (let run = 0; run < thread.start.length; run++) {
      const key = 1 + (stacks.called[stacks.culprit[thread.stack[run]]] + 1) * 8 + thread.state[run];
      const from = (thread.start[run] - data.start) * scale;
      const until = (thread.end[run] - data.start) * scale;
      const first = Math.floor(from);
      if (until - from >= 1) {
        found.fill(key, Math.round(from), Math.max(Math.round(from) + 1, Math.round(until)));
        continue;
      }
      if (first !== column) { settle(); column = first; }
      small.set(key, (small.get(key) || 0) + until - from);
    }
    settle();
    return found;
  }

  /* How time looks that was not sampled, on paper and on screens of any colour. */
  function hatch(context, ratio) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(6 * ratio);
    const pen = tile.getContext("2d");
    pen.strokeStyle = "rgba(128, 124, 116, .4)";
    pen.lineWidth = ratio * 0.8;
    for (const shift of [-1, 0, 1]) {
      pen.moveTo(shift * tile.width, tile.width);
      pen.lineTo((shift + 1) * tile.width, 0);
    }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  function draw({ thread, lane, canvas }) {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(lane.clientWidth * ratio);
    if (!width) return;
    canvas.width = width;
    canvas.height = Math.round(20 * ratio);
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.body);
    const colours = data.states.map((state) => style.getPropertyValue(`--${state.name.replaceAll("_", "-")}`));
    const found = columns(thread, width);
    const byState = paint.value === "state";
    const gap = hatch(context, ratio);
    for (let from = 0; from < width;) {
      let until = from + 1;
      while (until < width && found[until] === found[from]) until++;
      if (!found[from]) {
        context.globalAlpha = 1;
        context.fillStyle = gap;
        context.fillRect(from, 0, until - from, canvas.height);
      } else {
        const called = Math.floor((found[from] - 1) / 8) - 1;
        const state = (found[from] - 1) % 8;
        context.globalAlpha = !byState && data.states[state].doing === "waiting" ? 0.45 : 1;
        context.fillStyle = byState || called < 0 ? colours[state] : functions.colour[called];
        context.fillRect(from, 0, until - from, canvas.height);
      }
      from = until;
    }
  }

  /* The run at a time, or -1. */
  function runAt(thread, us) {
    let low = 0;
    let high = thread.start.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thread.end[middle] <= us) low = middle + 1;
      else high = middle;
    }
    return low < thread.start.length && thread.start[low] <= us ? low : -1;
  }

  function tell(thread, us) {
    const run = runAt(thread, us);
    if (run < 0) return `${thread.label}, ${moment(us)}\nnot sampled`;
    const lines = [`${thread.label}, ${moment(us)}: ${data.states[thread.state[run]].words}`];
    for (let stack = thread.stack[run]; stack > 0 && lines.length < 9; stack = stacks.caller[stack]) {
      const place = functions.file(stacks.called[stack]);
      lines.push(`${functions.name[stacks.called[stack]]}${place ? `  ${place}:${stacks.line[stack]}` : ""}`);
    }
    lines.push(`for ${seconds(thread.end[run] - thread.start[run])}`);
    return lines.join("\n");
  }

  /* Each label tells where the thread was most within the selection. */
  function label({ thread, row }) {
    const by = new Map();
    let all = 0;
    const { start, end } = selection.now;
    for (let run = 0; run < thread.start.length; run++) {
      const us = Math.min(end, thread.end[run]) - Math.max(start, thread.start[run]);
      if (us <= 0) continue;
      const called = stacks.called[stacks.culprit[thread.stack[run]]];
      by.set(called, (by.get(called) || 0) + us);
      all += us;
    }
    const [called, us] = [...by].sort((a, b) => b[1] - a[1])[0] || [-1, 0];
    const says = row.querySelector(".says");
    says.textContent = all ? `${Math.round((100 * us) / all)}% ${called < 0 ? "" : functions.name[called]}` : "not sampled";
    says.title = says.textContent;
  }

  function start() {
    for (const each of rows) {
      const { row, lane, canvas, thread } = each;
      const who = row.querySelector(".who");
      const button = element("button", who.textContent, "who");
      button.type = "button";
      button.title = `flame graph of ${thread.label}`;
      button.addEventListener("click", () => row.dispatchEvent(new CustomEvent("pick", { bubbles: true })));
      who.replaceWith(button);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", lane.querySelector("svg").getAttribute("aria-label"));
      lane.replaceChildren(canvas);
      lane.classList.add("drawn");
      lane.addEventListener("pointermove", (event) => {
        const box = lane.getBoundingClientRect();
        tooltip(tell(thread, data.start + ((event.clientX - box.left) / box.width) * span), event);
      });
      lane.addEventListener("pointerleave", () => tooltip(""));
    }
    paint.addEventListener("change", drawAll);
    document.querySelectorAll("#tracks details").forEach((each) => each.addEventListener("toggle", drawAll));
    selection.onChange(() => rows.forEach(label));
    drawAll();
  }

  const drawAll = () => {
    byId("states").hidden = paint.value !== "state";
    byId("paints").hidden = paint.value === "state";
    rows.forEach(draw);
  };
  return { start, draw: drawAll, tooltip };
})();
