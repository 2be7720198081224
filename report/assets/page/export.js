/* The profile as files that other tools read, made of the page itself where it stands alone. */
const exporter = (() => {
  const path = (stack) => {
    const found = [];
    for (; stack > 0; stack = stacks.caller[stack]) found.push(stack);
    return found.reverse();
  };

  /* Tells what closes and what opens, in the order of time; gaps close everything. */
  function walk(thread, open, close) {
    let before = [];
    let last = data.start;
    const move = (after, us) => {
      let kept = 0;
      while (kept < before.length && kept < after.length && before[kept] === after[kept]) kept++;
      for (let at = before.length; at > kept; at--) close(before[at - 1], us);
      for (let at = kept; at < after.length; at++) open(after[at], us);
      before = after;
    };
    for (let run = 0; run < thread.start.length; run++) {
      if (thread.start[run] > last) move([], last);
      move(path(thread.stack[run]), thread.start[run]);
      last = thread.end[run];
    }
    move([], last);
  }

  const frame = (stack) => ({ name: functions.name[stacks.called[stack]], file: functions.file(stacks.called[stack]), line: stacks.line[stack] });

  function speedscope() {
    const frames = Array.from({ length: stacks.count - 1 }, (_, at) => {
      const found = frame(at + 1);
      if (!(found.line > 0)) delete found.line;
      return found;
    });
    const profiles = threads.map((thread) => {
      const events = [];
      walk(thread,
        (stack, us) => events.push({ type: "O", frame: stack - 1, at: us - data.start }),
        (stack, us) => events.push({ type: "C", frame: stack - 1, at: us - data.start }));
      return { type: "evented", name: thread.label, unit: "microseconds", startValue: 0, endValue: span, events };
    });
    return {
      $schema: "https://www.speedscope.app/file-format-schema.json",
      name: data.title, activeProfileIndex: 0, shared: { frames }, profiles,
    };
  }

  function perfetto() {
    const traceEvents = [];
    threads.forEach((thread, at) => {
      const where = { pid: 1, tid: at + 1 };
      traceEvents.push({ ph: "M", name: "thread_name", ...where, args: { name: thread.label } });
      walk(thread,
        (stack, us) => {
          const { name, file, line } = frame(stack);
          traceEvents.push({ ph: "B", name, ts: us - data.start, ...where, args: { file, line } });
        },
        (stack, us) => traceEvents.push({ ph: "E", ts: us - data.start, ...where }));
    });
    return { traceEvents, displayTimeUnit: "ms" };
  }

  function save(document_, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(document_)], { type: "application/json" }));
    link.download = `${data.id}-${name}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function start() {
    byId("save-speedscope").addEventListener("click", () => save(speedscope(), "page.speedscope.json"));
    byId("save-perfetto").addEventListener("click", () => save(perfetto(), "page.perfetto.json"));
  }

  return { start };
})();
