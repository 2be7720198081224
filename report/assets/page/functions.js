/* The functions with the most time in the selection, beside their share in healthy iterations. */
const topFunctions = (() => {
  const MOST = 25;
  const table = byId("top");
  const heads = table ? [...table.tHead.rows[0].cells].map((head) => head.textContent) : [];

  function cell(text, kind = "number") {
    return element("td", text, kind);
  }

  function draw() {
    const some = graph.chosen();
    const options = { wanted: graph.doing(), order: "callees", byGroup: false, label: "" };
    const tree = trees.selected(some, options);
    const times = [...trees.byFunction(tree)].sort((a, b) => b[1].own - a[1].own || b[1].total - a[1].total);
    const before = healthy.length ? trees.ofHealthy(some, options) : null;
    const usual = before ? trees.byFunction(before) : new Map();
    const rows = times.slice(0, MOST).map(([called, { own, total }]) => {
      const row = document.createElement("tr");
      row.append(cell(own ? seconds(own) : ""), cell(own ? share(own, tree.value) : ""), cell(seconds(total)), cell(share(total, tree.value)));
      if (before) row.append(cell(usual.has(called) ? share(usual.get(called).total, before.value) : "–"));
      const name = cell("", "");
      const button = element("button", functions.name[called], "link");
      button.type = "button";
      button.title = "find it in the flame graph";
      button.addEventListener("click", () => graph.find(functions.name[called]));
      name.append(button, " ", element("span", functions.file(called), "hint"));
      row.append(name);
      [...row.cells].forEach((each, at) => { each.dataset.head = heads[at]; });
      return row;
    });
    table.tBodies[0].replaceChildren(...rows);
    const who = some.length === 1 ? some[0].label : `all ${some.length} threads`;
    table.hidden = !rows.length;
    const from = `Of ${who}, ${moment(selection.now.start)} to ${moment(selection.now.end)}`;
    byId("top-scope").textContent = `${from}: ${rows.length ? `${seconds(tree.value)} sampled` : "nothing was sampled"}.`;
  }

  function start() {
    selection.onChange(draw);
    graph.onThreads(draw);
  }

  return { start };
})();
