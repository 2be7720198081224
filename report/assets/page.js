/* The flame graph of report.html. Data becomes text or numbers, never markup. */
"use strict";
(() => {
  const block = document.getElementById("data");
  const box = document.getElementById("chart");
  if (!block || !box) return;

  const data = JSON.parse(block.textContent);
  const choice = document.getElementById("thread");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const detail = document.getElementById("detail");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const ALL = -1;
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);

  let chart = null;
  let root = null;
  let selected = null;

  const seconds = (us) => {
    if (us < 1e3) return `${us} µs`;
    if (us < 1e6) return `${(us / 1e3).toPrecision(3)} ms`;
    return us < 1e8 ? `${(us / 1e6).toPrecision(3)} s` : `${Math.round(us / 1e6)} s`;
  };
  const share = (part, whole) => `${((100 * part) / whole).toPrecision(3)} %`;

  /* A thread's flat columns as a tree; children come after their callers, so one pass back sums up. */
  function tree(thread) {
    const nodes = thread.parent.map((_, i) => {
      const [name, file, colour] = data.functions[thread.function[i]];
      const place = file && thread.line[i] > 0 ? `${file}:${thread.line[i]}` : file;
      return { name: i ? name : thread.label, place: i ? place : "", colour: i ? colour : "#d3cec3", value: 0, own: 0, states: {}, children: [] };
    });
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      const us = thread.us[i];
      for (let k = 0; k < us.length; k += 2) {
        node.states[us[k]] = (node.states[us[k]] || 0) + us[k + 1];
        node.own += us[k + 1];
      }
      node.value += node.own;
      if (i) adopt(nodes[thread.parent[i]], node);
    }
    return nodes[0];
  }

  function adopt(parent, child) {
    parent.children.unshift(child);
    parent.value += child.value;
    for (const state of Object.keys(child.states)) {
      parent.states[state] = (parent.states[state] || 0) + child.states[state];
    }
  }

  function everything() {
    const all = { name: "all threads", place: "", colour: "#d3cec3", value: 0, own: 0, states: {}, children: [] };
    data.threads.map(tree).reverse().forEach((child) => adopt(all, child));
    return all;
  }

  function describe(node) {
    const { name, place, value, own, states } = node.data;
    const mix = Object.entries(states)
      .sort((a, b) => b[1] - a[1])
      .map(([state, us]) => `${share(us, value)} ${data.states[state]}`);
    const times = `${seconds(value)}, ${share(value, root.value)} of ${root.name}`;
    const self = own && own !== value ? `, ${seconds(own)} in itself` : "";
    return [name, place, times + self, mix.join(", ")].filter(Boolean).join("\n");
  }

  const tooltip = Object.assign(() => {}, {
    show: (node) => { tip.textContent = describe(node); tip.hidden = false; },
    hide: () => { tip.hidden = true; },
  });
  box.addEventListener("mousemove", (event) => {
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : below}px`;
  });

  function draw() {
    tooltip.hide();
    const number = Number(choice.value);
    root = number === ALL ? everything() : tree(data.threads[number]);
    box.replaceChildren();
    chart = flamegraph()
      .width(box.clientWidth - 14)
      .cellHeight(20)
      .inverted(true)
      .minFrameSize(0.4)
      .resetHeightOnZoom(true)
      .transitionDuration(0)
      .sort((a, b) => b.value - a.value)
      .tooltip(tooltip)
      .setColorMapper((node) => (node.highlight ? "#e14fae" : node.data.colour))
      .setSearchMatch((node, term) => `${node.data.name}\n${node.data.place}`.toLowerCase().includes(term))
      .setSearchHandler((results, us, all) => {
        found.textContent = results.length ? `${results.length} found, ${share(us, all)} of the time` : "not found";
      })
      .onClick((node) => select(node));
    d3.select(box).datum(root).call(chart);
    select(d3.select(box).datum());
    look();
    chart.transitionDuration(calm ? 0 : 250);  // of what is done to it; it is there at once
  }

  function look() {
    const term = search.value.trim().toLowerCase();
    if (term) chart.search(term);
    else { chart.clear(); found.textContent = ""; }
    mark();
  }

  function select(node) {
    selected = node;
    detail.textContent = describe(node);
    mark();
  }

  function mark() {
    d3.select(box).selectAll("g.frame").classed("selected", (node) => node === selected);
  }

  const visible = (node) => node && node.x1 > node.x0;
  const among = (node, step) => {
    const near = node.parent ? node.parent.children.filter(visible) : [node];
    return near[near.indexOf(node) + step];
  };
  const moves = {
    ArrowDown: () => (selected.children || []).find(visible),
    ArrowUp: () => selected.parent,
    ArrowLeft: () => among(selected, -1),
    ArrowRight: () => among(selected, 1),
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") chart.zoomTo(selected);
    else if (event.key === "Escape") chart.resetZoom();
    else if (moves[event.key]) {
      const next = moves[event.key]();
      if (visible(next)) select(next);
    } else return;
    event.preventDefault();
    const shown = box.querySelector("g.selected");
    if (shown) shown.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|SELECT)$/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    search.focus();
  });

  data.threads.forEach((thread, i) => choice.append(new Option(thread.label, i)));
  if (data.threads.length > 1) choice.append(new Option(`all ${data.threads.length} threads`, ALL));
  choice.addEventListener("change", draw);
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; look(); } });
  document.getElementById("reset").addEventListener("click", () => { chart.resetZoom(); mark(); });

  let resized = 0;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resized);
    resized = setTimeout(draw, 150);
  });
  /* On paper the graph shrinks to the page, and nothing is folded away. */
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const svg = box.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  });
  addEventListener("afterprint", () => box.querySelector("svg").removeAttribute("viewBox"));
  draw();
})();
