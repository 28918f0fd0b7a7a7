"use strict";
// Shows the JSON report in the block "data". Everything from it enters the page as text nodes and
// canvas text: nothing is ever parsed as markup.
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const findings = report.findings;
  const $ = (id) => document.getElementById(id);
  const SEVERITIES = ["error", "warning", "notice"];
  const ROW = 28; // px: as in the style

  // ---- small helpers -------------------------------------------------------------------------
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  function duration(ns) {
    const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
    for (const [size, unit] of units)
      if (ns >= size) return `${Number((ns / size).toPrecision(3))} ${unit}`;
    return `${ns} ns`;
  }

  const number = (value) => value.toLocaleString("en-US");
  const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;
  const baseName = (path) => (path || "").split("/").pop();

  function frameName(frame) {
    if (frame.function) return frame.function;
    return `${baseName(frame.module) || "[unknown]"}+${frame.offset || ""}`;
  }

  function framePlace(frame) {
    if (!frame.file) return baseName(frame.module);
    return frame.line ? `${frame.file}:${frame.line}` : frame.file;
  }

  // ---- what is derived from each finding once --------------------------------------------------
  for (const finding of findings) {
    const stacks = finding.stacks || [];
    let place = null;
    for (const stack of stacks) {
      place = stack.frames.find((index) => report.frames[index].user);
      if (place !== undefined) break;
    }
    if (place === undefined || place === null) place = stacks.length && stacks[0].frames.length ? stacks[0].frames[0] : null;
    finding.place = place;
    const frame = place === null ? {} : report.frames[place];
    finding.functionName = place === null ? "" : frameName(frame);
    finding.fileName = framePlace(frame);
    finding.rank = SEVERITIES.indexOf(finding.severity);
    finding.text = null; // for the search: made when the first search comes
  }

  function searchText(finding) {
    if (finding.text === null) {
      const parts = [finding.message, finding.advice, finding.id, finding.kind, finding.thread, ...(finding.tests || [finding.test])];
      for (const stack of finding.stacks || [])
        for (const index of stack.frames) parts.push(frameName(report.frames[index]), report.frames[index].file);
      finding.text = parts.filter(Boolean).join("\n").toLowerCase();
    }
    return finding.text;
  }

  // ---- views -----------------------------------------------------------------------------------
  const views = ["overview", "findings", "flame", "timeline", "tasks", "processes"];
  const drawn = new Set();
  const draw = { overview: drawOverview, findings: drawFindings, flame: drawFlame, timeline: drawTimeline, tasks: drawTasks, processes: drawProcesses };

  function show(view) {
    for (const each of views) {
      $(`view-${each}`).hidden = each !== view;
      const button = document.querySelector(`button[data-view="${each}"]`);
      if (each === view) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    if (!drawn.has(view)) {
      drawn.add(view);
      draw[view]();
    }
    if (view === "findings") drawRows();
    if (view === "flame") flame.resize();
    if (view === "timeline") timeline.resize();
    history.replaceState(null, "", `#${view}`);
    scrollTo(0, 0);
  }

  // ---- header ----------------------------------------------------------------------------------
  function drawHeader() {
    const summary = report.summary;
    const worst = SEVERITIES.find((severity) => summary[severity]);
    $("verdict").textContent = worst
      ? findings.length ? findings[0].message : `${plural(summary[worst], worst)}, none shown here`
      : "No findings";
    if (worst) $("verdict").classList.add(worst);
    const watched = report.processes.filter((process) => process.executors.length).length;
    $("counts").textContent = [
      ...SEVERITIES.map((severity) => plural(summary[severity] || 0, severity)),
      plural(report.processes.length, "process").replace("processs", "processes"),
      `${watched} with an event loop or async runtime`,
      summary.suppressed ? `${number(summary.suppressed)} suppressed` : null,
      summary.baseline ? `${number(summary.baseline)} in the baseline` : null,
    ].filter(Boolean).join(" · ");
    $("footer").textContent = `${report.tool.name} ${report.tool.version}. Keys: 1 to 6 views, / search, j and k next and previous finding, Esc back.`;
  }

  // ---- overview --------------------------------------------------------------------------------
  function sourceBlock(place) {
    const source = place === null ? null : report.sources[place];
    if (!source) return null;
    const block = make("div", { class: "source code" });
    source.lines.forEach((text, i) => {
      const line = source.first + i;
      block.append(make("div", { class: line === source.line ? "meant" : "" },
        make("span", { class: "number" }, `${line === source.line ? "→" : " "} ${line}`), text));
    });
    return block;
  }

  function costOf(finding) {
    const parts = [finding.count === 1 ? "once" : `${number(finding.count)} times`];
    if (finding.total_ns) parts.push(`${duration(finding.total_ns)} in total`);
    if (finding.max_ns && finding.count > 1) parts.push(`longest ${duration(finding.max_ns)}`);
    if (finding.in_progress) parts.push("and still running");
    return parts.join(", ");
  }

  function harmOf(finding) {
    const harm = finding.harm || {};
    const parts = [];
    if (harm.waiting_tasks) parts.push(`${plural(harm.waiting_tasks, "task")} had to wait`);
    if (harm.ready_events) parts.push(`${plural(harm.ready_events, "ready event")} had to wait`);
    if (harm.long_turns) parts.push(`made ${plural(harm.long_turns, "turn")} too long`);
    if (harm.yields) parts.push(`held across ${plural(harm.yields, "yield")}`);
    if (harm.waiters) parts.push(`${plural(harm.waiters, "thread")} waited for it`);
    return parts.join("; ");
  }

  function card(finding) {
    const harm = harmOf(finding);
    return make("div", { class: `card is-${finding.severity}` },
      make("p", {}, make("span", { class: `severity ${finding.severity}` }, finding.severity),
        make("span", { class: "dim" }, `  ${finding.kind}  ${finding.executor.name}`)),
      make("p", { class: "headline", tabindex: "0", onclick: () => open(finding), onkeydown: (event) => event.key === "Enter" && open(finding) }, finding.message),
      sourceBlock(finding.place),
      make("p", { class: "dim" }, `${finding.fileName}  ·  ${costOf(finding)}${harm ? `  ·  ${harm}` : ""}`),
      finding.advice ? make("p", { class: "advice" }, `What to do: ${finding.advice}`) : null);
  }

  function executorRows() {
    return report.processes.flatMap((process) => process.executors.map((executor) => ({ process, executor })));
  }

  function drawOverview() {
    const cards = $("cards");
    if (!findings.length) cards.append(make("p", {}, "Nothing to report at this level."));
    findings.slice(0, 5).forEach((finding) => cards.append(card(finding)));
    if (findings.length > 5)
      cards.append(make("p", {}, make("button", { onclick: () => show("findings") }, `all ${number(findings.length)} findings`)));
    const rows = executorRows();
    if (!rows.length) {
      $("executors").append(make("p", { class: "dim" }, "No event loop or async runtime was seen."));
      return;
    }
    const head = ["Executor", "Process", "Threads", "Turns", "Busy", "p50", "p99", "Longest"];
    const table = make("table", {}, make("tr", {}, ...head.map((name, i) => make("th", { class: i > 1 ? "number" : "" }, name))));
    for (const { process, executor } of rows) {
      const times = executor.turn_ns || {};
      const busy = executor.busy_share;
      table.append(make("tr", {},
        make("td", {}, executor.name || executor.family),
        make("td", {}, `${baseName(process.executable)} [${process.pid}]`),
        make("td", { class: "number" }, number(executor.threads)),
        make("td", { class: "number" }, number(executor.turns)),
        make("td", { class: "number" }, busy === undefined ? "" : make("meter", { value: busy, min: 0, max: 1, low: 0.7, high: 0.9, optimum: 0 }), busy === undefined ? "" : ` ${(100 * busy).toFixed(1)} %`),
        ...["p50", "p99", "max"].map((key) => make("td", { class: "number" }, times[key] === undefined ? "" : duration(times[key])))));
    }
    $("executors").append(table);
  }

  // ---- findings: filters, table, detail ----------------------------------------------------------
  const columns = [
    { name: "Severity", value: (f) => f.rank, text: (f) => f.severity },
    { name: "Kind", value: (f) => f.kind },
    { name: "Function", value: (f) => f.functionName },
    { name: "Place", value: (f) => f.fileName },
    { name: "Executor", value: (f) => f.executor.name },
    { name: "Count", value: (f) => -f.count, text: (f) => number(f.count) },
    { name: "Total", value: (f) => -f.total_ns, text: (f) => duration(f.total_ns) },
    { name: "Longest", value: (f) => -f.max_ns, text: (f) => duration(f.max_ns) },
  ];
  let visible = findings.slice();
  let selected = null;
  let order = { column: null, down: false };

  function fillSelect(list, name, values) {
    list.append(make("option", { value: "" }, `any ${name}`), ...[...new Set(values)].sort().map((value) => make("option", { value }, value)));
  }

  function drawFindings() {
    fillSelect($("by-severity"), "severity", findings.map((f) => f.severity));
    fillSelect($("by-kind"), "kind", findings.map((f) => f.kind));
    fillSelect($("by-executor"), "executor", findings.map((f) => f.executor.name));
    fillSelect($("by-process"), "process", findings.flatMap((f) => (f.pids || []).map(String)));
    columns.forEach((column) => $("table-head").append(make("button", { type: "button", role: "columnheader", onclick: () => sortBy(column) }, column.name)));
    $("filters").addEventListener("input", filter);
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("table-body").addEventListener("scroll", drawRows);
    filter();
  }

  function filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const severity = $("by-severity").value, kind = $("by-kind").value;
    const executor = $("by-executor").value, pid = $("by-process").value;
    visible = findings.filter((f) =>
      (!severity || f.severity === severity) && (!kind || f.kind === kind) &&
      (!executor || f.executor.name === executor) && (!pid || (f.pids || []).map(String).includes(pid)) &&
      words.every((word) => searchText(f).includes(word)));
    if (order.column) sort();
    $("matches").textContent = `${number(visible.length)} of ${number(findings.length)}`;
    $("rows").style.height = `${visible.length * ROW}px`;
    $("table-body").scrollTop = 0;
    drawRows();
  }

  function sort() {
    const sign = order.down ? -1 : 1;
    visible.sort((a, b) => {
      const x = order.column.value(a), y = order.column.value(b);
      return x < y ? -sign : x > y ? sign : 0;
    });
  }

  function sortBy(column) {
    order = { column, down: order.column === column ? !order.down : false };
    sort();
    drawRows();
  }

  // Only the rows in view exist.
  function drawRows() {
    const body = $("table-body"), rows = $("rows");
    if (body.clientHeight === 0) return;
    const first = Math.max(0, Math.floor(body.scrollTop / ROW) - 4);
    const last = Math.min(visible.length, first + Math.ceil(body.clientHeight / ROW) + 8);
    rows.replaceChildren(...visible.slice(first, last).map((finding, i) => {
      const row = make("div", { class: "row", role: "row", "aria-selected": String(finding === selected), onclick: () => select(finding) },
        ...columns.map((column) => {
          const text = String((column.text || column.value)(finding));
          return make("span", { title: text, class: column.name === "Severity" ? `severity ${finding.severity}` : "" }, text);
        }));
      row.style.top = `${(first + i) * ROW}px`;
      return row;
    }));
  }

  function open(finding) {
    show("findings");
    if (!visible.includes(finding)) {
      $("filters").reset();
      filter();
    }
    $("table-body").scrollTop = Math.max(0, visible.indexOf(finding) * ROW - 60);
    select(finding);
  }

  function select(finding) {
    selected = finding;
    drawRows();
    $("detail").replaceChildren(...detail(finding));
  }

  function copyButton(text, label) {
    return make("button", { class: "copy", title: "copy", onclick: (event) => {
      const button = event.currentTarget;
      const done = () => { button.textContent = "copied"; setTimeout(() => { button.textContent = label; }, 900); };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => selectText(button));
      else selectText(button);
    } }, label);
  }

  function selectText(element) {
    getSelection().selectAllChildren(element);
  }

  // The program's own frames stand; runs of all others fold into one line.
  function frameList(indices) {
    const list = make("ol", { class: "code" });
    let folded = [];
    const flush = () => {
      if (!folded.length) return;
      const frames = folded;
      folded = [];
      if (frames.length === 1) {
        list.append(frameLine(frames[0]));
        return;
      }
      const names = [...new Set(frames.map((index) => baseName(report.frames[index].module || report.frames[index].file)))];
      list.append(make("li", {}, make("details", {},
        make("summary", {}, `${frames.length} frames of ${names.slice(0, 3).join(", ")}`),
        make("ol", {}, ...frames.map(frameLine)))));
    };
    for (const index of indices) {
      if (report.frames[index].user) {
        flush();
        list.append(frameLine(index));
      } else {
        folded.push(index);
      }
    }
    flush();
    return list;
  }

  function frameLine(index) {
    const frame = report.frames[index];
    return make("li", { class: frame.user ? "user" : "" }, frameName(frame), make("span", { class: "dim" }, `  ${framePlace(frame)}${frame.inlined ? " (inlined)" : ""}`));
  }

  // Pairs of a bound, each twice the one before where none is missing, and a count.
  function histogram(sparse, long) {
    if (!sparse || !sparse.length) return null;
    const pairs = [];
    for (const pair of sparse) {
      while (pairs.length && pairs[pairs.length - 1][0] * 2 < pair[0]) pairs.push([pairs[pairs.length - 1][0] * 2, 0]);
      pairs.push(pair);
    }
    const most = Math.log1p(Math.max(...pairs.map((pair) => pair[1])));
    const bars = make("div", { class: "histogram", title: "logarithmic" });
    const axis = make("div", { class: "axis" });
    for (const [bound, count] of pairs) {
      const column = make("div", { class: `column${bound >= long ? " long" : ""}`, title: `${number(count)} around ${duration(bound)}` });
      column.style.height = `${count ? Math.max(2, (100 * Math.log1p(count)) / most) : 0}%`;
      bars.append(column);
      axis.append(make("span", {}, duration(bound).replace(" ", "")));
    }
    return make("div", {}, bars, axis);
  }

  function detail(finding) {
    const harm = harmOf(finding);
    const stacks = finding.stacks || [];
    const more = finding.more_samples;
    const rule = `id:${finding.id}`;
    return [
      make("h2", { class: finding.severity }, finding.message),
      make("p", {}, make("span", { class: `severity ${finding.severity}` }, finding.severity), `  ${finding.kind} · ${finding.executor.name} · confidence ${finding.confidence}${finding.thread ? ` · thread ${finding.thread}` : ""}${finding.test ? ` · in test ${(finding.tests || [finding.test]).join(", ")}` : ""}`),
      make("p", {}, `${costOf(finding)}${finding.off_cpu_ns ? ` · not running for ${duration(finding.off_cpu_ns)}` : ""}${harm ? ` · ${harm}` : ""}`),
      finding.advice ? make("p", { class: "advice" }, `What to do: ${finding.advice}`) : null,
      (finding.why || []).length ? make("p", { class: "dim" }, `Why this severity: ${finding.why.join("; ")}`) : null,
      make("p", {}, "id ", copyButton(finding.id, finding.id), "  suppression rule ", copyButton(rule, rule)),
      sourceBlock(finding.place),
      finding.task ? make("h3", {}, `Task: ${finding.task.type || ""}`) : null,
      finding.task && finding.task.awaits ? frameList(finding.task.awaits) : null,
      finding.alive ? make("p", {}, `Alive when it was cancelled: ${finding.alive.map((each) => `${each.variable}: ${each.type}`).join(", ")}`) : null,
      make("div", { class: "stacks" }, ...stacks.map((stack) => make("div", { class: "stack" },
        make("h3", {}, `${stack.role}${stack.thread ? ` by ${stack.thread}` : ""}${stack.lock ? `: ${stack.lock}` : ""}${stack.weight ? `, ${plural(stack.weight, "sample")}` : ""}`),
        frameList(stack.frames)))),
      more ? make("p", { class: "dim" }, `and ${plural(more.stacks, "more distinct stack")}, ${plural(more.weight, "sample")}: --samples=all shows them`) : null,
      finding.histogram && finding.histogram.length ? make("h3", {}, "How long it took") : null,
      histogram(finding.histogram, Infinity),
    ].filter(Boolean);
  }

  // ---- a canvas that fits its box, in device pixels ------------------------------------------------
  function fitCanvas(canvas, height) {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    return { context, width, height };
  }

  const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

  function colour(text, user) {
    let hash = 0;
    for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
    const hue = Math.abs(hash) % 60;
    return user ? `hsl(${hue} 75% ${isDark() ? 38 : 68}%)` : `hsl(210 12% ${(isDark() ? 28 : 84) + (Math.abs(hash) % 6)}%)`;
  }

  // ---- flame graph -----------------------------------------------------------------------------
  const FRAME = 18; // px
  const flame = {
    root: null, focus: null, boxes: [], needle: "",

    build() {
      const mode = $("flame-mode").value, executor = $("flame-executor").value;
      const root = { name: "all", value: 0, children: new Map(), parent: null, depth: 0, user: false, place: "" };
      for (const finding of findings) {
        if (executor && finding.executor.name !== executor) continue;
        for (const { stack, ns, busy } of weighted(finding))
          if (ns > 0 && busy === (mode === "busy")) this.add(root, stack, ns, finding);
      }
      this.root = this.focus = root;
    },

    add(root, stack, ns, finding) {
      let node = root;
      const names = stack.frames.slice().reverse().map((index) => report.frames[index]);
      root.value += ns;
      for (const frame of [{ function: finding.executor.name, user: false }, ...names, ...(finding.call ? [{ function: finding.call, user: false }] : [])]) {
        const name = frameName(frame);
        let child = node.children.get(name);
        if (!child) {
          child = { name, value: 0, children: new Map(), parent: node, depth: node.depth + 1, user: Boolean(frame.user), place: framePlace(frame) };
          node.children.set(name, child);
        }
        child.value += ns;
        node = child;
      }
    },

    depth(node) {
      let most = node.depth;
      for (const child of node.children.values()) most = Math.max(most, this.depth(child));
      return most;
    },

    resize() {
      if (!this.root) return;
      this.paint();
    },

    paint() {
      const height = Math.max(120, (this.depth(this.root) + 1) * FRAME + 2);
      const { context, width } = fitCanvas($("flame-canvas"), height);
      const text = isDark() ? "#f0f0f0" : "#111111";
      this.boxes = [];
      context.clearRect(0, 0, width, height);
      const box = (node, x, w) => {
        if (w < 0.4) return;
        const y = node.depth * FRAME;
        const hit = this.needle && node.name.toLowerCase().includes(this.needle);
        context.fillStyle = hit ? "#d63ad6" : colour(node.name, node.user);
        context.fillRect(x, y, Math.max(0.5, w - 0.5), FRAME - 1);
        if (w > 30) {
          context.fillStyle = text;
          context.save();
          context.beginPath();
          context.rect(x + 3, y, w - 6, FRAME);
          context.clip();
          context.fillText(node.name, x + 3, y + FRAME / 2);
          context.restore();
        }
        this.boxes.push({ node, x, y, w });
        let at = x;
        const share = w / node.value;
        for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
          box(child, at, child.value * share);
          at += child.value * share;
        }
      };
      for (let node = this.focus.parent; node; node = node.parent) {
        context.fillStyle = colour(node.name, false);
        context.fillRect(0, node.depth * FRAME, width, FRAME - 1);
        context.fillStyle = text;
        context.fillText(node.name, 3, node.depth * FRAME + FRAME / 2);
        this.boxes.push({ node, x: 0, y: node.depth * FRAME, w: width });
      }
      if (this.root.value) box(this.focus, 0, width);
      else {
        context.fillStyle = text;
        context.fillText($("flame-mode").value === "busy" ? "no samples of busy turns" : "nothing blocked", 8, 20);
      }
      $("flame-info").textContent = `${duration(this.focus.value)} in ${this.focus.name}`;
    },

    at(event) {
      const bounds = $("flame-canvas").getBoundingClientRect();
      const x = event.clientX - bounds.left, y = event.clientY - bounds.top;
      return this.boxes.find((box) => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + FRAME);
    },

    zoom(node) {
      this.focus = node;
      this.paint();
    },
  };

  // The same weights as the profiles have: formats/weighted_stacks.c. A script's stack is followed by
  // the native one of the same moment, which then does not count.
  function weighted(finding) {
    const isScript = (stack) => stack.frames.length > 0 && report.frames[stack.frames[0]].offset === undefined;
    const stacks = (finding.stacks || []).filter((stack, i, all) => i === 0 || isScript(stack) || !isScript(all[i - 1]));
    if (!stacks.length) return [];
    if (finding.kind === "blocking-call") return [{ stack: stacks[0], ns: finding.total_ns, busy: false }];
    if (finding.kind !== "long-turn") return [];
    const all = stacks.reduce((sum, stack) => sum + (stack.weight || 0), 0);
    const busy = finding.stall === "busy";
    if (!all) return [{ stack: stacks[0], ns: finding.total_ns, busy }];
    return stacks.map((stack) => ({ stack, ns: (finding.total_ns * (stack.weight || 0)) / all, busy }));
  }

  function drawFlame() {
    fillSelect($("flame-executor"), "executor", findings.map((f) => f.executor.name));
    const canvas = $("flame-canvas");
    const again = () => { flame.build(); flame.paint(); };
    $("flame-mode").addEventListener("input", again);
    $("flame-executor").addEventListener("input", again);
    $("flame-search").addEventListener("input", () => { flame.needle = $("flame-search").value.toLowerCase(); flame.paint(); });
    $("flame-reset").addEventListener("click", () => flame.zoom(flame.root));
    canvas.addEventListener("click", (event) => { const hit = flame.at(event); if (hit) flame.zoom(hit.node); });
    canvas.addEventListener("mousemove", (event) => {
      const hit = flame.at(event);
      canvas.title = hit ? `${hit.node.name}\n${hit.node.place}\n${duration(hit.node.value)}, ${((100 * hit.node.value) / flame.root.value).toFixed(1)} %` : "";
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape" || event.key === "Backspace") flame.zoom(flame.focus.parent || flame.root);
      else if (event.key === "Enter" || event.key === "ArrowDown") {
        const child = [...flame.focus.children.values()].sort((a, b) => b.value - a.value)[0];
        if (child) flame.zoom(child);
      } else return;
      event.preventDefault();
    });
    flame.build();
    if (!flame.root.value) {
      $("flame-mode").value = "busy";
      flame.build();
      if (!flame.root.value) { $("flame-mode").value = "blocked"; flame.build(); }
    }
    flame.paint();
  }

  // ---- timeline ----------------------------------------------------------------------------------
  const LANE = 26; // px
  const LABEL = 170;
  const LONG_NS = 10e6;
  const timeline = {
    from: 0, to: 1, first: 0, last: 1, boxes: [], marks: [],

    resize() {
      if (report.timelines.length) this.paint();
    },

    lanes() {
      return report.timelines;
    },

    // Turns are in the order of their starts: the first that may reach into the view by bisection.
    firstIn(turns, from, longest) {
      let low = 0, high = turns.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (turns[middle][0] < from - longest) low = middle + 1;
        else high = middle;
      }
      return low;
    },

    paint() {
      const lanes = this.lanes();
      const height = lanes.length * LANE + 24;
      const { context, width } = fitCanvas($("timeline-canvas"), height);
      const style = getComputedStyle(document.body);
      const dim = style.getPropertyValue("--dim");
      const severities = Object.fromEntries(["error", "warning", "notice"].map((word) => [word, style.getPropertyValue(`--${word}`)]));
      const longColour = isDark() ? "#ff8a80" : "#b3261e";
      const scale = (width - LABEL) / (this.to - this.from);
      this.boxes = [];
      context.clearRect(0, 0, width, height);
      context.fillStyle = dim;
      for (let i = 0; i <= 8; i++) {
        const us = this.from + ((this.to - this.from) * i) / 8;
        const x = LABEL + (us - this.from) * scale;
        context.fillRect(x, 16, 0.5, height);
        context.fillText(duration(Math.max(0, Math.round(us * 1000))), Math.min(x + 2, width - 60), 8);
      }
      this.marks = [];
      lanes.forEach((lane, i) => {
        const y = 20 + i * LANE;
        context.fillStyle = dim;
        context.fillText(`${lane.thread || "thread"} ${lane.tid ? lane.tid : "(ended)"} [${lane.pid}]`, 4, y + LANE / 2, LABEL - 10);
        let painted = -1;
        for (let j = this.firstIn(lane.turns, this.from, lane.longest); j < lane.turns.length; j++) {
          const [start, ns, name] = lane.turns[j];
          if (start > this.to) break;
          const end = start + ns / 1000;
          if (end < this.from) continue;
          const x = Math.max(LABEL, LABEL + (start - this.from) * scale);
          const right = LABEL + (end - this.from) * scale;
          const long = ns >= LONG_NS;
          if (!long && right <= painted) continue; // within what is painted already
          const w = Math.max(1, right - x);
          context.fillStyle = long ? longColour : colour(name, true);
          context.fillRect(x, y + 2, w, LANE - 6);
          painted = x + w;
          if (w > 3) this.boxes.push({ x, y, w, turn: lane.turns[j] });
        }
        for (const { finding, us } of lane.marks) {
          if (us < this.from || us > this.to) continue;
          const x = LABEL + (us - this.from) * scale;
          context.fillStyle = severities[finding.severity];
          context.beginPath();
          context.moveTo(x - 5, y - 2);
          context.lineTo(x + 5, y - 2);
          context.lineTo(x, y + 6);
          context.fill();
          this.marks.push({ x: x - 5, y: y - 3, w: 10, finding });
        }
      });
    },

    // A finding's mark lies above the turns.
    at(event) {
      const bounds = $("timeline-canvas").getBoundingClientRect();
      const x = event.clientX - bounds.left, y = event.clientY - bounds.top;
      return this.marks.find((mark) => x >= mark.x && x < mark.x + mark.w && y >= mark.y && y < mark.y + 10) || this.boxes.find((box) => x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + LANE);
    },

    zoom(factor, x) {
      const width = $("timeline-canvas").clientWidth - LABEL;
      const middle = this.from + ((this.to - this.from) * Math.max(0, x - LABEL)) / width;
      const least = 1, most = this.last - this.first;
      const span = Math.min(most, Math.max(least, (this.to - this.from) * factor));
      this.from = middle - ((middle - this.from) * span) / (this.to - this.from);
      this.to = this.from + span;
      this.paint();
    },

    move(us) {
      this.from += us;
      this.to += us;
      this.paint();
    },

    whole() {
      this.from = this.first;
      this.to = this.last;
      this.paint();
    },
  };

  function drawTimeline() {
    const canvas = $("timeline-canvas");
    if (!report.timelines.length) {
      canvas.hidden = true;
      $("timeline-info").textContent = "No times of single turns were kept: run with --timeline, or report as HTML under run.";
    } else {
      for (const lane of report.timelines) {
        lane.longest = lane.turns.reduce((most, turn) => Math.max(most, turn[1] / 1000), 0);
        lane.marks = findings.filter((f) => f.last_ns && (f.pids || []).includes(lane.pid) && (!f.thread || f.thread === lane.thread))
          .flatMap((finding) => [...new Set([finding.first_ns, finding.last_ns])].map((ns) => ({ finding, us: ns / 1000 })));
      }
      timeline.first = Math.min(...report.timelines.map((lane) => lane.turns[0][0]));
      timeline.last = Math.max(...report.timelines.map((lane) => { const turn = lane.turns[lane.turns.length - 1]; return turn[0] + turn[1] / 1000; })) + 1;
      timeline.whole();
      let drag = null;
      canvas.addEventListener("dblclick", (event) => { const hit = timeline.at(event); if (hit && hit.finding) open(hit.finding); });
      canvas.addEventListener("wheel", (event) => { event.preventDefault(); timeline.zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX); }, { passive: false });
      canvas.addEventListener("mousedown", (event) => { drag = event.clientX; });
      addEventListener("mouseup", () => { drag = null; });
      canvas.addEventListener("mousemove", (event) => {
        if (drag !== null) {
          timeline.move(((drag - event.clientX) * (timeline.to - timeline.from)) / (canvas.clientWidth - LABEL));
          drag = event.clientX;
          return;
        }
        const hit = timeline.at(event);
        canvas.title = !hit ? "" : hit.finding ? hit.finding.message : `${hit.turn[2]}\n${duration(hit.turn[1])} at ${duration(hit.turn[0] * 1000)}`;
      });
      canvas.addEventListener("keydown", (event) => {
        const step = (timeline.to - timeline.from) / 10;
        if (event.key === "ArrowLeft") timeline.move(-step);
        else if (event.key === "ArrowRight") timeline.move(step);
        else if (event.key === "+" || event.key === "ArrowUp") timeline.zoom(0.8, canvas.clientWidth / 2);
        else if (event.key === "-" || event.key === "ArrowDown") timeline.zoom(1.25, canvas.clientWidth / 2);
        else if (event.key === "Home") timeline.whole();
        else return;
        event.preventDefault();
      });
      $("timeline-reset").addEventListener("click", () => timeline.whole());
    }
    for (const { process, executor } of executorRows()) {
      if (!executor.turn_histogram) continue;
      $("histograms").append(make("h3", {}, `${executor.name || executor.family} in ${baseName(process.executable)} [${process.pid}]: ${plural(executor.turns, "turn")}`), histogram(executor.turn_histogram, LONG_NS));
    }
  }

  // ---- tasks, processes ------------------------------------------------------------------------------
  function drawTasks() {
    const section = $("view-tasks");
    for (const process of report.processes) {
      for (const executor of process.executors) {
        if (!executor.task_types || !executor.task_types.length) continue;
        section.append(make("h2", {}, `Types of tasks: ${executor.name} in ${baseName(process.executable)} [${process.pid}]`),
          make("table", {}, make("tr", {}, ...["Type", "Turns", "In turns", "Longest"].map((name, i) => make("th", { class: i ? "number" : "" }, name))),
            ...executor.task_types.slice(0, 500).map((type) => make("tr", {}, make("td", { class: "code" }, type.type),
              make("td", { class: "number" }, number(type.turns)), make("td", { class: "number" }, duration(type.total_ns)), make("td", { class: "number" }, duration(type.max_ns))))));
      }
      if (process.tasks)
        section.append(make("h2", {}, `Tasks of ${baseName(process.executable)} [${process.pid}]`),
          ...process.tasks.slice(0, 500).map((group) => make("div", { class: "card" },
            make("p", {}, make("b", {}, `${number(group.count)} × ${group.type}`), `  ${group.state}${group.oldest_ns ? `, oldest ${duration(group.oldest_ns)}` : ""}`),
            frameList(group.awaits || []))));
      if (process.tasks_problem) section.append(make("p", { class: "dim" }, process.tasks_problem));
    }
    if (!section.childElementCount) section.append(make("p", {}, "No tasks are known. Event loops without tasks have none; for those of a process that runs: yieldsan report --tasks --format=html PID"));
  }

  function drawProcesses() {
    const section = $("view-processes");
    section.append(make("h2", {}, "Processes"), make("table", {},
      make("tr", {}, ...["Process", "Command", "End", "Executors", "Lost", "Started unwatched"].map((name) => make("th", {}, name))),
      ...report.processes.map((process) => make("tr", {},
        make("td", {}, `${process.pid}`),
        make("td", { class: "code" }, (process.argv.length ? process.argv : [process.executable]).join(" ").slice(0, 300)),
        make("td", {}, `${process.end.state}${process.end.code === undefined ? "" : ` ${process.end.code}`}`),
        make("td", {}, process.executors.map((executor) => executor.name || executor.family).join(", ")),
        make("td", {}, process.lost.events || process.lost.sites ? `${number(process.lost.events)} events, ${number(process.lost.sites)} places` : ""),
        make("td", { class: "code" }, (process.unwatched || []).join(", "))))));
    const left = [
      ...(report.suppressions || []).filter((rule) => rule.findings).map((rule) => `${plural(rule.findings, "finding")}: ${rule.rule}${rule.reason ? ` (${rule.reason})` : ""}, ${rule.file}:${rule.line}`),
      ...(report.allowed || []).map((region) => `${plural(region.count, "event")} in a region that the program allows: ${region.reason}`),
      report.summary.baseline ? `${plural(report.summary.baseline, "finding")} in the baseline` : null,
    ].filter(Boolean);
    section.append(make("h2", {}, "Left out"));
    if (left.length) section.append(make("ul", {}, ...left.map((text) => make("li", {}, text))));
    else section.append(make("p", { class: "dim" }, "Nothing."));
  }

  // ---- keys and start ------------------------------------------------------------------------------------
  document.querySelectorAll("nav button").forEach((button) => button.addEventListener("click", () => show(button.dataset.view)));
  addEventListener("resize", () => { drawRows(); flame.resize(); timeline.resize(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { flame.resize(); timeline.resize(); });
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "Escape" && typing) { document.activeElement.blur(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key >= "1" && event.key <= String(views.length)) show(views[Number(event.key) - 1]);
    else if (event.key === "/") { event.preventDefault(); show("findings"); $("search").focus(); }
    else if ((event.key === "j" || event.key === "k") && !$("view-findings").hidden && visible.length) {
      const at = visible.indexOf(selected) + (event.key === "j" ? 1 : -1);
      open(visible[Math.min(visible.length - 1, Math.max(0, at))]);
    }
  });
  drawHeader();
  const wanted = location.hash.slice(1);
  show(views.includes(wanted) ? wanted : "overview");
})();
