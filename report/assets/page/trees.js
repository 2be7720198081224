/* Call trees of the selection, of healthy iterations, and what differs between them. */
const trees = (() => {
  const PLAIN = "#d3cec3";
  const DEEPEST = 300; // callers of an innermost function that the reversed graph shows

  function node(called, line = 0, label = "") {
    const place = called < 0 ? "" : functions.file(called);
    return {
      name: called < 0 ? label : functions.name[called],
      place: place && line > 0 ? `${place}:${line}` : place,
      colour: called < 0 ? PLAIN : functions.colour[called],
      called, value: 0, own: 0, states: {}, children: [], below: new Map(),
    };
  }

  function child(parent, called, line) {
    let found = parent.below.get(called);
    if (!found) {
      found = node(called, line);
      parent.below.set(called, found);
      parent.children.push(found);
    }
    return found;
  }

  function add(target, states) {
    for (const [state, us] of Object.entries(states)) {
      target.states[state] = (target.states[state] || 0) + us;
      target.value += us;
    }
  }

  const fits = (doing, wanted) => wanted === "all" || doing === wanted;

  /* Microseconds in each stack by state, of one thread within the selection. */
  function weigh(thread, wanted) {
    const { start, end } = selection.now;
    const found = new Map();
    for (let run = 0; run < thread.start.length; run++) {
      const us = Math.min(end, thread.end[run]) - Math.max(start, thread.start[run]);
      const state = thread.state[run];
      if (us <= 0 || !fits(data.states[state].doing, wanted)) continue;
      const states = found.get(thread.stack[run]) || {};
      states[state] = (states[state] || 0) + us;
      found.set(thread.stack[run], states);
    }
    return found;
  }

  /* The tree of weights by stack. Stacks are numbered callers first, so one pass makes nodes, one sums up. */
  function grow(weights, label) {
    const root = node(-1, 0, label);
    const needed = new Set();
    for (let stack of weights.keys()) {
      for (; stack > 0 && !needed.has(stack); stack = stacks.caller[stack]) needed.add(stack);
    }
    const order = [...needed].sort((a, b) => a - b);
    const made = new Map([[0, root]]);
    for (const stack of order) {
      made.set(stack, child(made.get(stacks.caller[stack]), stacks.called[stack], stacks.line[stack]));
    }
    for (const [stack, states] of weights) {
      const target = made.get(stack);
      for (const [state, us] of Object.entries(states)) {
        target.own += us;
        target.states[state] = (target.states[state] || 0) + us;
      }
    }
    return summed(root);
  }

  /* Adds what is below to each node; without recursion, since stacks may be deep. */
  function summed(root) {
    const order = [root];
    for (let at = 0; at < order.length; at++) order.push(...order[at].children);
    for (const each of order) each.value = each.own;
    for (const each of order.reverse()) {
      for (const below of each.children) {
        each.value += below.value;
        for (const [state, us] of Object.entries(below.states)) each.states[state] = (each.states[state] || 0) + us;
      }
    }
    return root;
  }

  /* Innermost functions first, and below each who called it. */
  function reversed(weights, label) {
    const root = node(-1, 0, label);
    for (const [innermost, states] of weights) {
      let target = root;
      let deep = 0;
      add(target, states);
      for (let stack = innermost; stack > 0 && deep < DEEPEST; stack = stacks.caller[stack], deep++) {
        target = child(target, stacks.called[stack], stacks.line[stack]);
        add(target, states);
      }
      target.own += Object.values(states).reduce((sum, us) => sum + us, 0);
    }
    return root;
  }

  /* Several trees side by side below one root. */
  function beside(parts, label) {
    const all = node(-1, 0, label);
    all.children = parts.filter((part) => part.value > 0);
    for (const part of all.children) add(all, part.states);
    return all;
  }

  function merged(some, wanted) {
    const weights = new Map();
    for (const thread of some) {
      for (const [stack, states] of weigh(thread, wanted)) {
        const found = weights.get(stack) || {};
        for (const [state, us] of Object.entries(states)) found[state] = (found[state] || 0) + us;
        weights.set(stack, found);
      }
    }
    return weights;
  }

  const groups = (some) => [...new Set(some.map((thread) => thread.group))];

  /* The selection's tree: `some` threads, each its own part; or each group of threads, to compare. */
  function selected(some, { wanted, order, byGroup, label }) {
    if (order === "callers") return reversed(merged(some, wanted), label);
    if (some.length === 1) return grow(weigh(some[0], wanted), label);
    const parts = byGroup
      ? groups(some).map((group) => grow(merged(some.filter((each) => each.group === group), wanted), group))
      : some.map((thread) => grow(weigh(thread, wanted), thread.label));
    return beside(parts, label);
  }

  const stateOf = { on_cpu: "running", waiting: "waiting", unknown: "unknown" };
  const stateNumbers = Object.fromEntries(
    Object.entries(stateOf).map(([doing, name]) => [doing, data.states.findIndex((state) => state.name === name)]),
  );

  function growHealthy(tree, wanted, label) {
    const made = [node(-1, 0, label)];
    for (let at = 0; at < tree.caller.length; at++) {
      made.push(child(made[at + 1 - tree.caller[at]], tree.called[at], tree.line[at]));
    }
    for (const [doing, column] of Object.entries(tree.us)) {
      if (!fits(doing, wanted)) continue;
      column.forEach((us, at) => {
        if (!us) return;
        made[at].own += us;
        made[at].states[stateNumbers[doing]] = us;
      });
    }
    return summed(made[0]);
  }

  /* The healthy tree of the same threads, as far as there is one. */
  function ofHealthy(some, { wanted, order, label }) {
    const known = groups(some).map((group) => healthy.find((tree) => tree.group === group)).filter(Boolean);
    const parts = known.map((tree) => growHealthy(tree, wanted, tree.group));
    const tree = some.length === 1 ? parts[0] || node(-1, 0, label) : beside(parts, label);
    tree.name = label;
    return order === "callers" ? turned(tree, label) : tree;
  }

  /* A tree of callees as one of callers. */
  function turned(tree, label) {
    const root = node(-1, 0, label);
    const waiting = [[tree, []]];
    while (waiting.length) {
      const [each, above] = waiting.pop();
      const path = each.called < 0 ? above : [each, ...above];
      if (each.own) {
        const states = scaled(each);
        let target = root;
        add(target, states);
        for (const step of path.slice(0, DEEPEST)) add((target = child(target, step.called, 0)), states);
        target.own += each.own;
      }
      for (const below of each.children) waiting.push([below, path]);
    }
    return root;
  }

  /* A node's own time by state: all of its states, without those of its callees. */
  function scaled(each) {
    const own = { ...each.states };
    for (const below of each.children) for (const [state, us] of Object.entries(below.states)) own[state] -= us;
    return own;
  }

  /* Gives every node of `tree` its share of all time, and that of the same node in `other`. */
  function compare(tree, other) {
    const waiting = [[tree, other]];
    while (waiting.length) {
      const [each, same] = waiting.pop();
      each.share = tree.value ? each.value / tree.value : 0;
      each.other = same && other.value ? same.value / other.value : 0;
      for (const below of each.children) {
        const found = same && same.children.find((one) => (below.called < 0 ? one.name === below.name : one.called === below.called));
        waiting.push([below, found]);
      }
    }
    return tree;
  }

  /* Microseconds by function: of its own, and with callees, where recursion counts once. */
  function byFunction(root) {
    const found = new Map();
    const above = new Map();
    const waiting = [[root, true]];
    while (waiting.length) {
      const [each, entering] = waiting.pop();
      const depth = above.get(each.called) || 0;
      above.set(each.called, depth + (entering ? 1 : -1));
      if (!entering) continue;
      if (each.called >= 0) {
        const times = found.get(each.called) || { own: 0, total: 0 };
        times.own += each.own;
        if (!depth) times.total += each.value;
        found.set(each.called, times);
      }
      waiting.push([each, false]);
      for (const below of each.children) waiting.push([below, true]);
    }
    return found;
  }

  return { selected, ofHealthy, compare, byFunction };
})();
