// Draws the charts of the first page and keeps them up to date.
(() => {
  "use strict";
  const height = 168;
  const charts = {};
  let data = null;

  // A colour of the style sheet as the canvas understands it, in the present light or dark.
  const probe = document.createElement("span");
  probe.hidden = true;
  const colour = (name) => {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const faded = (c, alpha) => c.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
  const stateColour = (state) => colour(state === "bad" ? "bad" : state === "warn" ? "warn" : "soft");

  const percent = (v) => (v == null ? "–" : `${(v * 100).toFixed(v === 1 || v === 0 ? 0 : 1)} %`);
  const seconds = (v) => (v == null ? "–" : v < 0.0995 ? `${Math.round(v * 1000)} ms` : v < 0.995 ? `${v.toFixed(2)} s` : v < 9.95 ? `${v.toFixed(1)} s` : `${Math.round(v)} s`);
  const two = (n) => String(n).padStart(2, "0");

  // The time in the server's zone.
  const clock = (t, withSeconds) => {
    const d = new Date((t + data.offset) * 1000);
    const text = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
    return withSeconds ? `${text}:${two(d.getUTCSeconds())}` : text;
  };

  const shade = (u) => {
    for (const s of data.shaded) {
      const left = Math.max(u.valToPos(s.from, "x", true), u.bbox.left);
      const right = Math.min(u.valToPos(s.to, "x", true), u.bbox.left + u.bbox.width);
      if (right <= left) continue;
      u.ctx.fillStyle = faded(colour(s.state), 0.09);
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }
  };

  const latest = (u) => {
    if (u.cursor.left == null || u.cursor.left < 0) u.setLegend({ idx: u.data[0].length - 1 });
  };

  const axis = (values, size) => ({
    stroke: () => colour("soft"), grid: { stroke: () => colour("line"), width: 1 }, ticks: { show: false },
    font: "11px system-ui, sans-serif", values, size, gap: 4,
  });

  const options = (element, series, y, yValues) => ({
    width: element.clientWidth - 12, height, padding: [8, 14, 0, 0],
    tzDate: (ts) => uPlot.tzDate(new Date((ts + data.offset) * 1000), "Etc/UTC"),
    scales: { x: { time: true }, y },
    axes: [{ ...axis((u, splits) => splits.map((t) => clock(t, splits[1] - splits[0] < 60)), 30), gap: 8 }, axis(yValues, 52)],
    cursor: { drag: { x: false, y: false }, focus: { prox: 24 }, points: { size: 6 } },
    focus: { alpha: 0.35 },
    legend: { live: true, markers: { show: false } },
    // With no cursor in it, the legend shows the latest figures.
    hooks: { drawClear: [shade], setLegend: [(u) => { if (u.legend.idx == null) latest(u); }], ready: [latest], setData: [latest] },
    series: [{
      label: "",
      value: (u, t) => (t == null ? "" : clock(t, true)),
    }, ...series],
  });

  // What a chart consists of: when it changes, the chart is made anew; otherwise only its figures change.
  const plans = {
    "chart-success": () => {
      const columns = [data.times, data.times.map(() => data.usual)];
      const series = [{ label: data.texts.usual, stroke: () => colour("ghost"), width: 4, points: { show: false }, value: (u, v) => percent(v) }];
      if (data.all) {
        columns.push(data.all);
        series.push({ label: data.texts.all, stroke: () => colour("soft"), width: 1, points: { show: false }, value: (u, v) => percent(v) });
      }
      columns.push(data.success);
      series.push({ label: data.texts.success, stroke: () => colour("blue"), width: 1.8, points: { show: false }, value: (u, v) => percent(v) });
      const y = { range: (u, low, high) => [Math.max(0, Math.floor(((low ?? 0.9) - 0.02) * 10) / 10), 1] };
      return { key: String(columns.length), columns, series, y, values: (u, splits) => splits.map((v) => `${Math.round(v * 1000) / 10} %`) };
    },
    "chart-latency": () => {
      const columns = [data.times];
      const series = [];
      // What is well comes first, so that what is wrong is drawn over it.
      for (const line of data.latency.toSorted((a, b) => (a.state === "ok" ? 0 : 1) - (b.state === "ok" ? 0 : 1))) {
        columns.push(line.values);
        series.push({ label: line.name, stroke: () => faded(stateColour(line.state), line.state === "ok" ? 0.75 : 1), width: line.state === "ok" ? 1.2 : 1.8, points: { show: false }, value: (u, v) => seconds(v) });
      }
      const y = { range: (u, low, high) => [0, Math.max(1, (high ?? 1) * 1.1)] };
      return { key: data.latency.map((l) => l.provider + l.state).join(), columns, series, y, values: (u, splits) => splits.map((v) => `${v} s`) };
    },
  };

  const draw = (id) => {
    const element = document.getElementById(id);
    const plan = plans[id]();
    const old = charts[id];
    if (old && old.key === plan.key) {
      old.plot.setData(plan.columns);
      return;
    }
    const plot = new uPlot(options(element, plan.series, plan.y, plan.values), plan.columns);
    element.replaceChildren(plot.root);
    if (old) old.plot.destroy();
    charts[id] = { key: plan.key, plot };
  };

  let fetching = false;
  const refresh = async () => {
    const source = document.getElementById("chart-success")?.dataset.source;
    if (!source || fetching) return;
    fetching = true;
    try {
      const answer = await fetch(source, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        data = await answer.json();
        Object.keys(plans).forEach(draw);
      }
    } catch {
      // The page itself says when there is no connection.
    } finally {
      fetching = false;
    }
  };

  const redraw = () => { for (const c of Object.values(charts)) c.plot.redraw(false, true); };
  addEventListener("DOMContentLoaded", () => {
    refresh();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new ResizeObserver(() => {
      for (const [id, c] of Object.entries(charts)) c.plot.setSize({ width: document.getElementById(id).clientWidth - 12, height });
    }).observe(document.getElementById("chart-success"));
  });
  document.addEventListener("gatewatch:tick", refresh);
})();
