/* The flame graph of the selection, and its difference to healthy iterations. */
const graph = (() => {
  const box = byId("chart");
  const [choice, doing, order, side, search] = ["thread", "doing", "order", "side", "search"].map(byId);
  const [found, detail, scope] = ["found", "detail", "scope"].map(byId);
  const ALL = "all";
  const FOUND = "#e14fae";
  let chart = null;
  let root = null;
  let selected = null;
  let pointer = { clientX: 0, clientY: 0 };

  const chosen = () => (choice.value === ALL ? threads : [threads[Number(choice.value)]]);
  const comparing = () => (side ? side.value : "off");

  function build() {
    const some = chosen();
    const label = some.length === 1 ? some[0].label : "all threads";
    const options = { wanted: doing.value, order: order.value, byGroup: comparing() !== "off", label };
    if (comparing() === "off") return trees.selected(some, options);
    const stalled = trees.selected(some, options);
    const before = trees.ofHealthy(some, options);
    return comparing() === "stalled" ? trees.compare(stalled, before) : trees.compare(before, stalled);
  }

  /* Redder is more than in the other, bluer is less; violet is not in the other at all. */
  function changed(node) {
    const { share: here, other } = node.data;
    const more = comparing() === "stalled" ? here - other : other - here;
    if (comparing() === "healthy" && !other) return "#b39ddb";
    const strength = Math.min(1, Math.abs(more) / 0.25);
    const light = Math.round(92 - 34 * Math.sqrt(strength));
    if (Math.abs(more) < 0.005) return "#dedad2";
    return more > 0 ? `hsl(8 78% ${light}%)` : `hsl(212 70% ${light}%)`;
  }

  function describe(node) {
    const { name, place, value, own, states, share: here, other } = node.data;
    const mix = Object.entries(states)
      .filter(([, us]) => us > 0)
      .sort((a, b) => b[1] - a[1])
      .map(([state, us]) => `${share(us, value)} ${data.states[state].words}`);
    const times = `${seconds(value)}, ${share(value, root.value)} of ${root.name}`;
    const self = own && own !== value ? `, ${seconds(own)} in itself` : "";
    const sides = comparing() === "stalled" ? ["selection", "healthy"] : ["healthy", "selection"];
    const against = comparing() === "off" ? "" : `${sides[0]} ${share(here, 1)}, ${sides[1]} ${other ? share(other, 1) : "nothing"}`;
    return [name, place, times + self, against, mix.join(", ")].filter(Boolean).join("\n");
  }

  const tooltip = Object.assign(() => {}, {
    show: (node) => bands.tooltip(describe(node), pointer),
    hide: () => bands.tooltip(""),
  });

  function draw() {
    tooltip.hide();
    root = build();
    const { start, end } = selection.now;
    const what = comparing() === "healthy" ? "Healthy iterations" : `${moment(start)} to ${moment(end)}`;
    const much = root.value ? seconds(root.value) : "nothing";
    scope.textContent = `${what}: ${much} ${doing.value === "all" ? "sampled" : doing.selectedOptions[0].text}, of ${root.name}.`;
    byId("origins").hidden = comparing() !== "off";
    if (byId("changes")) byId("changes").hidden = comparing() === "off";
    box.replaceChildren();
    box.hidden = !root.value;
    if (!root.value) {
      chart = selected = null;
      found.textContent = "";
      detail.replaceChildren(...nothing());
      return;
    }
    chart = flamegraph()
      .width(box.clientWidth - 14)
      .cellHeight(20)
      .inverted(true)
      .minFrameSize(0.4)
      .resetHeightOnZoom(true)
      .transitionDuration(0)
      .sort((a, b) => b.value - a.value)
      .tooltip(tooltip)
      .setColorMapper((node) => (node.highlight ? FOUND : comparing() === "off" ? node.data.colour : changed(node)))
      .setSearchMatch((node, term) => `${node.data.name}\n${node.data.place}`.toLowerCase().includes(term))
      .setSearchHandler((results, us, all) => {
        found.textContent = results.length ? `${results.length} found, ${share(us, all)} of the time` : "not found";
      })
      .onClick(select);
    d3.select(box).datum(root).call(chart);
    select(d3.select(box).datum());
    look();
    chart.transitionDuration(calm ? 0 : 250); // of what is done to it; it is there at once
  }

  /* Why there is no graph, and what else could be selected. */
  function nothing() {
    if (comparing() !== "off") return ["There is nothing to compare here."];
    if (doing.value !== "all") return [`None of the time here was ${doing.selectedOptions[0].text}, as far as is known.`];
    const sampled = ({ start, end }) => chosen().some((thread) => thread.start.some((from, run) => from < end && thread.end[run] > start));
    const other = data.presets.filter(sampled).map(({ key }) => {
      const named = document.querySelector(`[data-preset="${key}"]`);
      const button = element("button", `show ${named.textContent}`);
      button.type = "button";
      button.addEventListener("click", () => { named.click(); named.focus(); });
      return button;
    });
    return ["Nothing was sampled of it in the selected time. ", ...other];
  }

  function look() {
    const term = search.value.trim().toLowerCase();
    if (!chart) return;
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
  function onKey(event) {
    if (!selected) return;
    if (event.key === "Enter") chart.zoomTo(selected);
    else if (event.key === "Escape") chart.resetZoom();
    else if (moves[event.key]) {
      const next = moves[event.key]();
      if (visible(next)) select(next);
    } else return;
    event.preventDefault();
    const shown = box.querySelector("g.selected");
    if (shown) shown.scrollIntoView({ block: "nearest" });
  }

  /* Shows one thread, by its row in the table of threads. */
  function pick(row) {
    const index = threads.findIndex((thread) => thread.row === Number(row));
    if (index < 0) return;
    choice.value = index;
    choice.dispatchEvent(new Event("change"));
  }

  function start() {
    threads.forEach((thread, index) => choice.append(new Option(thread.label, index)));
    if (threads.length > 1) choice.append(new Option(`all ${threads.length} threads`, ALL));
    box.addEventListener("mousemove", (event) => {
      pointer = event;
      if (!event.target.closest("g.frame")) tooltip.hide();
    });
    box.addEventListener("mouseleave", tooltip.hide);
    box.addEventListener("keydown", onKey);
    search.addEventListener("input", look);
    search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; look(); } });
    byId("reset").addEventListener("click", () => { if (chart) chart.resetZoom(); mark(); });
    for (const control of [choice, doing, order, side]) if (control) control.addEventListener("change", draw);
    selection.onChange(draw);
  }

  function find(name) {
    search.value = name;
    look();
  }

  return { start, draw, pick, find, chosen, doing: () => doing.value, onThreads: (listener) => [choice, doing].forEach((each) => each.addEventListener("change", listener)) };
})();
