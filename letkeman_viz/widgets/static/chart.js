// Chart: a Plotly figure.
import { gunzip } from "./gunzip.js";
import { begin, html } from "./stage.js";
import { want } from "./want.js";

const LIBRARY = Symbol.for("letkeman_viz.plotly"); // one copy for all charts of the page
const BYTES = Symbol.for("letkeman_viz.plotly.bytes"); // a site that has it sends it by itself

/** plotly.js as a module: its text is made for script tags, so it is given a `module` to fill. */
async function evaluate(source) {
  const head = "const module = { exports: {} }; const exports = module.exports; const define = undefined;\n";
  const blob = new Blob([head, source, "\nexport default module.exports;"], { type: "text/javascript" });
  const address = URL.createObjectURL(blob);
  try {
    return (await import(/* webpackIgnore: true */ address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The library's bytes, from the kernel. */
function askKernel(model, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the chart that asked for plotly.js is gone")));
    const onAnswer = (message, buffers) => {
      if (message?.type !== "plotly.js") return;
      model.off("msg:custom", onAnswer);
      resolve(buffers[0]);
    };
    model.on("msg:custom", onAnswer);
    model.send({ type: "plotly.js" });
  });
}

/** Ask for the page's one copy, if nobody has. Its code is not run before a chart is on the page. */
function ask(model, signal) {
  if (globalThis[LIBRARY]) return;
  const sent = globalThis[BYTES] ?? Promise.reject(new Error("this page brings no plotly.js"));
  const bytes = sent.catch(() => askKernel(model, signal));
  bytes.catch(() => {}); // whoever needs it hears of it below
  let loaded = null;
  globalThis[LIBRARY] = () => (loaded ??= bytes.then(gunzip).then(evaluate));
}

/** The page's one copy. When the chart that asked for it goes before it came, the next one asks. */
async function library(model, signal) {
  ask(model, signal);
  const mine = globalThis[LIBRARY];
  try {
    return await mine();
  } catch (error) {
    if (globalThis[LIBRARY] === mine) delete globalThis[LIBRARY];
    if (signal.aborted || !error.message.endsWith("is gone")) throw error;
    return library(model, signal);
  }
}

/** Traces name a colour of the style sheet in `meta.color`. */
function coloured(data, el) {
  const style = getComputedStyle(el);
  const colour = (trace) => style.getPropertyValue(trace.meta?.color ?? "--lkv-ink").trim();
  return data.map((trace) => {
    if (trace.type === "heatmap") return trace;
    const color = colour(trace);
    const filled = trace.fill ? { fillcolor: `${color}33` } : {}; // see-through
    return { ...trace, ...filled, line: { ...trace.line, color }, marker: { ...trace.marker, color } };
  });
}

/** The figure's layout with the page's own ink, so that it follows light and dark. */
function themed(layout, el) {
  const style = getComputedStyle(el);
  const read = (name) => style.getPropertyValue(name).trim();
  const axis = { gridcolor: read("--lkv-line"), zerolinecolor: read("--lkv-line"), linecolor: read("--lkv-zero") };
  const merged = { ...layout, font: { ...layout.font, color: read("--lkv-ink"), family: style.fontFamily } };
  for (const name of Object.keys(merged)) if (/^[xy]axis/.test(name)) merged[name] = { ...axis, ...merged[name] };
  return { ...merged, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, dragmode: false };
}

const TICK = 15; // px that the label of a tick needs

/** A logarithmic axis without the ticks whose labels would touch on so low a chart; its lowest, maybe a zero's, stays. */
function thinned(axis, height) {
  const { type, range, tickvals, ticktext } = axis ?? {};
  if (type !== "log" || !range || !tickvals) return axis;
  const scale = height / (range[1] - range[0]);
  const ticks = tickvals.map((value, k) => ({ value, text: ticktext[k], at: Math.log10(value) * scale }));
  const kept = [];
  for (const tick of ticks.sort((a, b) => a.at - b.at))
    if (!kept.length || tick.at - kept.at(-1).at >= TICK) kept.push(tick);
  return { ...axis, tickvals: kept.map(({ value }) => value), ticktext: kept.map(({ text }) => text) };
}

const HURRY = 250; // ms; of figures that come faster, only the lines are drawn before the last
const PACKED = { f4: Float32Array, f8: Float64Array, i2: Int16Array, i4: Int32Array };

/** Numbers of a trace, as they are or as Plotly packs them; null where they are neither. */
function numbers(values) {
  if (!values?.bdata) return Array.isArray(values) ? values : null;
  const bytes = Uint8Array.from(atob(values.bdata), (c) => c.charCodeAt(0));
  return PACKED[values.dtype] ? new PACKED[values.dtype](bytes.buffer) : null;
}

/**
 * Move the lines of a chart that was drawn to new data, on the axes it has: a small part of the work of
 * drawing it anew, which would make a dragged slider wait. Marks are hidden meanwhile.
 * @returns {boolean} whether the new figure is one that differs in its lines only
 */
function moveLines(plot, data) {
  const paths = plot.querySelectorAll(".scatterlayer .trace path.js-line");
  const lines = data.map(({ type, x, x0, dx, y }) => type === "scatter" && { x: numbers(x), x0, dx, y: numbers(y) });
  if (paths.length !== data.length || !lines.every((line) => line && line.y && (line.x || line.dx))) return false;
  const { xaxis, yaxis } = plot._fullLayout;
  lines.forEach(({ x, x0, dx, y }, k) => {
    let path = "";
    let pen = "M";
    for (let i = 0; i < y.length; i++) {
      const [left, top] = [xaxis.d2p(x ? x[i] : x0 + i * dx), yaxis.d2p(y[i])];
      if (Number.isFinite(top)) path += `${pen}${left.toFixed(1)},${top.toFixed(1)}`;
      pen = Number.isFinite(top) ? "L" : "M"; // a gap stays one
    }
    paths[k].setAttribute("d", path || "M0,0");
  });
  plot.classList.add("lkv-moving");
  return true;
}

export default {
  initialize({ model, signal }) {
    ask(model, signal); // on its way while the page is drawn
  },
  render({ model, el, signal }) {
    begin(el, "lkv-chart");
    const plot = html("div", { class: "lkv-plot" }, el);
    plot.style.height = `${model.get("height")}px`;
    const waiting = html("p", { class: "lkv-waiting", text: "Drawing the chart…" }, plot);
    let clicks = 0;
    function tellClick({ points: [{ x, y }] }) {
      if (typeof x !== "number" || typeof y !== "number") return;
      model.set("clicked", [x, y, ++clicks]); // counted, so that the same point can be clicked again
      model.save_changes();
    }
    let Plotly = null;
    let busy = Promise.resolve();
    let asked = false;
    // Half-drawn axes have no scale: one drawing at a time, and at most one waiting.
    function draw() {
      if (asked) return;
      asked = true;
      busy = busy.then(() => {
        asked = false;
        return drawOnce();
      }).catch((error) => console.error(error));
    }
    async function drawOnce() {
      const { data, layout } = model.get("_figure");
      if (!Plotly || !data || signal.aborted || plot.clientWidth === 0) return;
      waiting.remove();
      plot.classList.remove("lkv-moving");
      const { t = 0, b = 0 } = layout.margin ?? {};
      const fitting = { ...layout, yaxis: thinned(layout.yaxis, plot.clientHeight - t - b) };
      await Plotly.react(plot, coloured(data, el), themed(fitting, el), { displayModeBar: false, responsive: false });
      if (signal.aborted) return;
      if (!plot.dataset.clicks) plot.on("plotly_click", tellClick);
      plot.dataset.clicks = "yes";
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", model.get("label"));
      el.dataset.drawn = "yes";
    }
    let settle = 0;
    let newest = -Infinity; // when the last figure came
    model.on("change:_figure", () => {
      const hurried = performance.now() - newest < HURRY;
      newest = performance.now();
      clearTimeout(settle);
      if (!hurried || el.dataset.drawn !== "yes" || !moveLines(plot, model.get("_figure").data ?? [])) return draw();
      settle = setTimeout(draw, HURRY);
    });
    signal.addEventListener("abort", () => clearTimeout(settle));
    model.on("change:label", draw);
    const resized = new ResizeObserver(draw);
    const themes = new MutationObserver(draw);
    themes.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    themes.observe(document.documentElement, { attributeFilter: ["data-lkv-palette"] });
    signal.addEventListener("abort", () => {
      resized.disconnect();
      themes.disconnect();
      Plotly?.purge(plot);
    });
    want(model, el, signal);
    // Not awaited: the page is drawn and can be used before the library has arrived.
    library(model, signal).then((loaded) => {
      if (signal.aborted) return;
      Plotly = loaded;
      resized.observe(plot); // which also draws it for the first time
    }).catch((error) => {
      if (signal.aborted) return;
      waiting.setAttribute("role", "alert");
      waiting.textContent = `This chart could not be drawn: ${error.message}`;
    });
  },
};
