/* Puts the parts together. */
function jump(event) {
  const { thread, start, end, function: called } = event.currentTarget.dataset;
  if (start !== undefined) selection.select(Number(start), Number(end));
  if (thread && byId("thread")) graph.pick(thread);
  if (called && byId("search")) graph.find(called);
  reveal(byId(event.currentTarget.hash.slice(1)));
}

/* Shows what is folded away, and lights it up for a moment. */
function reveal(target) {
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const row = target.closest(".track") || target;
  row.classList.add("lit");
  setTimeout(() => row.classList.remove("lit"), 2000);
}

function onPaper() {
  document.querySelectorAll("details:not(.unprinted)").forEach((each) => { each.open = true; });
  const svg = document.querySelector("#chart svg");
  if (svg) svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
}

function start() {
  document.documentElement.classList.add("alive");
  document.querySelectorAll("a.jump").forEach((each) => each.addEventListener("click", jump));
  addEventListener("hashchange", () => reveal(document.getElementById(decodeURIComponent(location.hash.slice(1)))));
  addEventListener("beforeprint", onPaper);
  addEventListener("afterprint", () => document.querySelector("#chart svg")?.removeAttribute("viewBox"));
  if (!byId("tracks")) return;
  bands.start();
  graph.start();
  topFunctions.start();
  charts.start();
  exporter.start();
  selection.start();
  byId("tracks").addEventListener("pick", (event) => graph.pick(event.target.dataset.thread));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    byId("search").focus();
  });
  let width = innerWidth;
  let resized = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resized);
    resized = setTimeout(() => { bands.draw(); charts.draw(); graph.draw(); }, 150);
  });
}
start();
