// Draws the page's plots, and has them follow its choices, its width and its colours.
(() => {
  "use strict";
  const told = JSON.parse(document.getElementById("plots").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const ids = Object.keys(told);
  const checked = (id) => { const box = document.getElementById(id); return !box || box.checked; };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const axis = (words, more) => ({
    title: { text: words, standoff: 8 }, automargin: true, gridcolor: colour("--line"),
    linecolor: colour("--faint"), zeroline: false, ...more,
  });
  const layout = (plot, more) => ({
    font: { family: "system-ui, sans-serif", size: 13, color: colour("--ink") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 56, r: 12, t: 8, b: 48 }, hovermode: "closest", showlegend: false,
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--faint"),
      font: { color: colour("--ink") }, align: "left" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("--faint"), activecolor: colour("--ink") },
    dragmode: coarse ? false : "zoom", ...more,
  });
  // Over more than some eightfold a logarithmic axis has numbers at 1, 2 and 5 of each power of ten.
  const step = (low, high) => (high / low > 8 ? "D2" : null);
  const logarithmic = (plot, name) => {
    const values = plot.traces.flatMap((one) => one[name]);
    const [low, high] = values.reduce(([l, h], v) => [Math.min(l, v), Math.max(h, v)], [Infinity, 0]);
    return { type: "log", tickformat: ",.12~g", dtick: step(low, high) };
  };
  const followZoom = (id) => {
    const at = document.getElementById(id);
    at.on("plotly_relayout", () => {
      const wanted = {};
      for (const name of ["xaxis", "yaxis"]) {
        const [low, high] = at._fullLayout[name].range.map((power) => 10 ** power);
        const dtick = step(low, high);
        if ((at.layout[name].dtick ?? null) !== dtick) wanted[name + ".dtick"] = dtick;
      }
      if (Object.keys(wanted).length) Plotly.relayout(at, wanted);
    });
  };

  const shown = (kind) =>
    kind === "dominated" ? checked("show-dominated")
      : !kind.startsWith("p-") || checked("show-" + kind.slice(2));
  const points = (plot) => {
    const traces = plot.traces.map((one) => ({
      type: "scatter", mode: "markers", name: one.kind, x: one.x, y: one.y, text: one.words,
      hovertemplate: "%{text}<extra></extra>", visible: shown(one.kind),
      marker: { color: one.colour, symbol: one.marker, opacity: one.kind === "dominated" ? 0.45 : 0.8,
        size: one.kind === "dominated" ? 6 : 9, line: { width: 0.6, color: colour("--paper") } },
    }));
    if (plot.diagonal) {
      traces.push({ type: "scatter", mode: "lines", x: plot.diagonal, y: plot.diagonal,
        hoverinfo: "skip", line: { color: colour("--faint"), dash: "dash", width: 1.5 } });
    }
    return [traces, layout(plot, { xaxis: axis(plot.x_words, logarithmic(plot, "x")),
      yaxis: axis(plot.y_words, logarithmic(plot, "y")) })];
  };
  const bars = (plot) => {
    const names = Object.keys(plot.accountings);
    const name = names.find((one) => document.getElementById("by-" + one)?.checked) ?? names[0];
    const one = plot.accountings[name];
    const kept = one.policies.map((_, i) => i).filter((i) => checked("row-" + one.policies[i]));
    const of = (values) => kept.map((i) => values[i]);
    const trace = {
      type: "bar", x: of(one.policies), y: of(one.mean_j), name,
      marker: { color: of(one.policies).map((policy) => plot.colours["p-" + policy]) },
      error_y: { type: "data", symmetric: false, color: colour("--ink"), thickness: 1.2, width: 4,
        array: kept.map((i) => one.high_j[i] - one.mean_j[i]),
        arrayminus: kept.map((i) => one.mean_j[i] - one.low_j[i]) },
      customdata: kept.map((i) => [one.low_j[i], one.high_j[i]]),
      hovertemplate: "%{x}: %{y:.4g} J<br>95 %: %{customdata[0]:.4g} to %{customdata[1]:.4g} J<extra></extra>",
    };
    return [[trace], layout(plot, { xaxis: axis("", { fixedrange: true }),
      yaxis: axis("J, " + one.label, { rangemode: "tozero" }) })];
  };

  const config = { displaylogo: false, scrollZoom: false,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]] };
  const draw = (id) => {
    const plot = told[id];
    const [traces, how] = plot.accountings ? bars(plot) : points(plot);
    return Plotly.react(document.getElementById(id), traces, how, config);
  };
  const drawAll = () => Promise.all(ids.map(draw));

  // Where the page is shown within another one, its own links lead nowhere by themselves.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const at = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!at) return;
    event.preventDefault();
    document.querySelectorAll("figure.enlarged").forEach((one) => one.classList.remove("enlarged"));
    if (link.classList.contains("open")) at.classList.add("enlarged");
    else (link.classList.contains("close") ? link.closest("figure") : at).scrollIntoView();
  });

  for (const id of ids) document.getElementById(id).parentElement.classList.add("drawn");
  document.addEventListener("change", drawAll);
  dark.addEventListener("change", drawAll);
  // One that is not shown, as on paper, has no width to follow.
  const followWidth = new ResizeObserver((all) => {
    for (const { target } of all) if (target.offsetWidth && target.data) Plotly.Plots.resize(target);
  });
  drawAll().then(() => {
    ids.filter((id) => told[id].traces).forEach(followZoom);
    ids.forEach((id) => followWidth.observe(document.getElementById(id)));
    document.documentElement.dataset.drawnMs = Math.round(performance.now());
  });
})();
