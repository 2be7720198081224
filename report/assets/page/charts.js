/* Signals as small charts on the same axis of time as the bands. */
const charts = (() => {
  const HEIGHT = 48;
  const rows = [...document.querySelectorAll(".track.chart")].map((row) => ({
    row,
    lane: row.querySelector(".lane"),
    now: [...row.querySelectorAll(".now")],
    at: row.querySelector(".at"),
    found: row.dataset.signals.split(" ").map((place) => signals.get(data.signals[place].name)),
    plot: null,
  }));

  const means = (signal) => {
    const from = selection.now.start / 1e6;
    const until = selection.now.end / 1e6;
    const within = signal.values.filter((value, at) => value !== null && signal.times[at] >= from && signal.times[at] < until);
    if (!within.length) return "no reading";
    const mean = amount(within.reduce((sum, value) => sum + value, 0) / within.length, signal.unit);
    const most = amount(Math.max(...within), signal.unit);
    return mean === most ? mean : `${mean}, up to ${most}`;
  };

  function tell(each, index) {
    const { plot, found, now } = each;
    const hovers = index !== null && index !== undefined;
    each.at.textContent = hovers ? `at ${moment(plot.data[0][index] * 1e6)}` : "";
    found.forEach((signal, number) => {
      const value = hovers ? plot.data[number + 1][index] : null;
      const said = value === null || value === undefined ? "no reading" : amount(value, signal.unit);
      now[number].textContent = hovers ? said : means(signal);
    });
  }

  function draw(each) {
    const { lane, found } = each;
    if (each.plot) each.plot.destroy();
    each.plot = null;
    if (!lane.clientWidth) return;
    const style = getComputedStyle(document.body);
    const colour = (name) => style.getPropertyValue(name).trim();
    const pens = ["--pen-one", "--pen-two", "--pen-three"].map(colour);
    const joined = uPlot.join(found.map((signal) => [signal.times, signal.values]));
    const most = Math.max(...found.flatMap((signal) => signal.values.filter((value) => value !== null)), 0);
    const least = Math.min(...found.flatMap((signal) => signal.values.filter((value) => value !== null)), 0);
    each.plot = new uPlot({
      width: lane.clientWidth,
      height: HEIGHT,
      padding: [3, 0, 2, 0],
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 5 }, sync: { key: "loopcam" } },
      select: { show: false },
      scales: {
        x: { time: false, range: [data.start / 1e6, data.end / 1e6] },
        y: { range: [least, most > least ? most * 1.08 : least + 1] },
      },
      series: [{}, ...found.map((signal, at) => ({
        label: signal.name, stroke: pens[at], width: 1.5, spanGaps: true, points: { show: signal.times.length < 3 },
        fill: found.length === 1 ? colour("--pen-fill") : undefined,
      }))],
      hooks: { setCursor: [(plot) => { if (each.plot) tell(each, plot.cursor.left >= 0 ? plot.cursor.idx : null); }] },
    }, joined, lane);
    tell(each, null);
  }

  const drawAll = () => rows.forEach(draw);

  function start() {
    for (const { row, lane, found } of rows) {
      lane.setAttribute("role", "img");
      lane.setAttribute("aria-label", `${found.map((signal) => signal.name).join(", ")} over time; the table below has the figures`);
      row.classList.add("drawn");
    }
    selection.onChange(() => rows.forEach((each) => tell(each, null)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    drawAll();
  }

  return { start, draw: drawAll };
})();
