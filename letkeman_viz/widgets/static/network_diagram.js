// NetworkDiagram: one network as SVG. Built once per run and width; a frame only changes attributes.
import { bitIsRight } from "./bits.js";
import { describe } from "./describe.js";
import { formatNumber, layerName, niceCeiling } from "./format.js";
import { decades, edgeWidth, layout, onLog, pick, signOf, walk, walkEdges } from "./geometry.js";
import { begin, follow, html, setText, svg } from "./stage.js";

// An application: its keys are its own, which a picture's would not be.
const PICTURE = { tabindex: 0, role: "application", "aria-roledescription": "network diagram", class: "lkv-picture" };
const HINT = "Point at a line or a neuron to see its numbers. With the keyboard: arrows walk the neurons, Page Up and Page Down the weights into one.";

/** Set an attribute only where it changes: most edges stand still from one frame to the next. */
function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function text(parent, x, y, content, cls) {
  const element = svg("text", { x, y, class: cls }, parent);
  element.textContent = content;
  return element;
}

function buildEdges(root, place) {
  const group = svg("g", { class: "lkv-edges" }, root);
  return place.neurons.slice(1).map((column, k) =>
    place.neurons[k].map((a) =>
      column.map((b) => svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "zero" }, group)),
    ),
  );
}

function buildNeurons(root, place) {
  const r = place.radius;
  return place.neurons.map((column, k) =>
    column.map(({ x, y }) => {
      const group = svg("g", { class: "lkv-neuron" }, root);
      svg("circle", { cx: x, cy: y, r: r + 1, class: "lkv-rim" }, group);
      const ring = k > 0 && svg("circle", { cx: x, cy: y, r: r - 2, class: "zero" }, group);
      svg("circle", { cx: x, cy: y, r: r - 4, class: "lkv-empty" }, group);
      const fill = svg("circle", { cx: x, cy: y, r: r - 4, class: "lkv-fill" }, group);
      return { group, ring, fill };
    }),
  );
}

function buildLabels(root, run, place) {
  const { neurons, radius, width, narrow } = place;
  neurons.forEach((column, k) => text(root, column[0].x, 16, layerName(k, run.sizes), "lkv-head"));
  const inputs = neurons[0].map(({ x, y }, i) => {
    if (!narrow) text(root, x - radius - 34, y + 4, String(2 ** (run.sizes[0] - 1 - i)), "lkv-place");
    return text(root, x - radius - 12, y + 5, "", "lkv-bit");
  });
  const columns = narrow ? [width - 74, width - 44, width - 17] : [width - 108, width - 64, width - 24];
  ["", "bit", narrow ? "want" : "wanted"].forEach((name, k) => text(root, columns[k], 16, name, "lkv-head"));
  const outputs = neurons.at(-1).map(({ y }) => ({
    value: text(root, columns[0], y + 4, "", "lkv-value"),
    bit: text(root, columns[1], y + 5, "", "lkv-bit"),
    wanted: text(root, columns[2], y + 5, "", "lkv-bit"),
  }));
  return { inputs, outputs };
}

function buildMeters(root, run, place) {
  const y = place.meters;
  const length = Math.min(place.between * 0.8, 150);
  const meters = place.neurons.slice(1).map((column, k) => {
    const middle = (place.neurons[k][0].x + column[0].x) / 2;
    const x = middle - length / 2;
    text(root, middle, y, `layer ${k + 1}`, "lkv-head");
    svg("rect", { x, y: y + 6, width: length, height: 8, rx: 2, class: "lkv-meter" }, root);
    const style = `fill: var(--lkv-layer-${(k % 6) + 1})`;
    const bar = svg("rect", { x, y: y + 6, width: 0, height: 8, rx: 2, style }, root);
    return { bar, length, number: text(root, middle, y + 31, "", "lkv-number") };
  });
  if (!place.narrow) text(root, 2, y + 14, "gradient", "lkv-side");
  return meters;
}

/** What the widest line of each layer stands for. */
function tops(run, look, scale) {
  if (scale === "layer") return run.largest.weight.map(niceCeiling);
  const all = scale === "frame" ? look.layers.map((l) => Math.max(...l.weights.map(Math.abs))) : run.largest.weight;
  return look.layers.map(() => niceCeiling(Math.max(...all)));
}

const SCALES = { fixed: "same for all frames", layer: "each layer's own", frame: "rescaled every frame" };

function drawLegend(legend, top, scale, rows, widest) {
  const line = (cls, value) =>
    `<span><svg width="34" height="10" aria-hidden="true"><line x1="1" x2="33" y1="5" y2="5" class="${cls}" ` +
    `stroke-width="${edgeWidth(value, top, widest)}"/></svg> ${formatNumber(value)}</span>`;
  const ring = (cls, word) =>
    `<span><svg width="18" height="18" aria-hidden="true"><circle cx="9" cy="9" r="8" class="lkv-rim"/>` +
    `<circle cx="9" cy="9" r="5.5" class="${cls} lkv-sample"/></svg> ${word}</span>`;
  const lines = scale === "layer" ? "<span>widest: the layer's largest</span>" :
    line("positive", top) + line("positive", top / 2) + line("negative", -top / 2) + line("negative", -top) + line("zero", 0);
  legend.innerHTML =
    `<div><b>Line: weight</b> ${lines}</div>` +
    `<div><b>Outline: bias</b> ${ring("zero", "0")}${ring("positive", "positive")}${ring("negative", "negative")}` +
    `<b class="lkv-gap">Fill: activation</b> <span>0 <i class="lkv-ramp"></i> 1</span></div>` +
    `<div><b>Bar: gradient</b> <span>mean |dL/dw| of the layer${rows > 1 ? ` over all ${rows} examples` : ""}, log scale</span></div>`;
}

function fillOf(run, layer, a) {
  const isSigmoid = layer === 0 || layer === run.sizes.length - 1 || run.activation === "sigmoid";
  if (isSigmoid) return a;
  return run.activation === "tanh" ? (a + 1) / 2 : a / (1 + a); // relu has no largest value
}

/** Everything a frame changes. */
function drawFrame(parts, run, look, frame, row) {
  const { edges, neurons, labels, meters, range, top, biasTop } = parts;
  look.layers.forEach(({ weights, biases, fanOut }, k) => {
    edges[k].forEach((line, i) =>
      line.forEach((edge, j) => {
        const w = weights[i * fanOut + j];
        put(edge, "class", signOf(w));
        put(edge, "stroke-width", edgeWidth(w, top[k], parts.place.widest).toFixed(2));
      }),
    );
    neurons[k + 1].forEach(({ ring }, j) => {
      put(ring, "class", signOf(biases[j]));
      put(ring, "stroke-width", (1.6 + 2.4 * Math.min(Math.abs(biases[j]) / biasTop, 1)).toFixed(2));
    });
    const g = run.gradient(frame)[k];
    put(meters[k].bar, "class", signOf(g) === "broken" ? "lkv-broken" : "");
    put(meters[k].bar, "width", (onLog(g, range) * meters[k].length).toFixed(1));
    setText(meters[k].number, g === 0 ? "exactly 0" : formatNumber(g));
  });
  look.activations.forEach((values, k) =>
    values.forEach((a, i) => {
      put(neurons[k][i].fill, "fill-opacity", Math.min(Math.max(fillOf(run, k, a), 0), 1).toFixed(3));
    }),
  );
  const target = run.targets(row);
  labels.inputs.forEach((label, i) => setText(label, formatNumber(look.activations[0][i])));
  labels.outputs.forEach(({ value, bit, wanted }, j) => {
    const o = look.activations.at(-1)[j];
    const right = bitIsRight(o, target[j]);
    setText(value, Number.isNaN(o) ? "NaN" : o.toFixed(parts.place.narrow ? 2 : 4));
    setText(bit, o > 0.5 ? "1" : "0");
    setText(wanted, `${target[j]} ${right ? "✓" : "✗"}`);
    put(wanted, "class", right ? "lkv-bit lkv-right" : "lkv-bit lkv-wrong");
  });
}

function highlight(parts, picked) {
  parts.root.querySelectorAll(".lkv-halo").forEach((halo) => halo.remove());
  if (!picked) return;
  const { place, root } = parts;
  if (picked.kind === "neuron") {
    const { x, y } = place.neurons[picked.layer][picked.index];
    svg("circle", { cx: x, cy: y, r: place.radius + 4, class: "lkv-halo" }, root);
  } else {
    const [a, b] = [place.neurons[picked.layer - 1][picked.from], place.neurons[picked.layer][picked.to]];
    const halo = svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "lkv-halo" });
    root.querySelector(".lkv-edges").before(halo);
  }
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-diagram");
    const root = svg("svg", PICTURE, el);
    const legendBox = html("div", { class: "lkv-legend" }, el);
    const legend = html("div", {}, legendBox);
    const scaleLabel = html("label", { class: "lkv-scale", text: "Scale of the lines: " }, legendBox);
    const scaleChoice = html("select", {}, scaleLabel);
    for (const [value, name] of Object.entries(SCALES)) html("option", { value, text: name }, scaleChoice);
    scaleChoice.addEventListener("change", () => {
      model.set("scale", scaleChoice.value);
      model.save_changes();
    });
    const detail = html("div", { class: "lkv-detail" }, el);
    let parts = null;
    let shown = null; // [run, frame, row] on show
    let picked = null;

    function drawDetail(aloud) {
      detail.setAttribute("aria-live", aloud ? "polite" : "off"); // not at every frame
      const [run, frame, row] = shown;
      const found = picked && describe({ ...run, shownRow: row }, run.look(frame, row), picked);
      const lines = found ? [found.title, ...found.lines] : [HINT];
      while (detail.children.length > lines.length) detail.lastChild.remove();
      lines.forEach((line, k) => setText(detail.children[k] ?? html("p", {}, detail), line));
      detail.classList.toggle("lkv-hint", !found);
    }
    function choose(next) {
      picked = next;
      highlight(parts, picked);
      drawDetail(true);
    }
    function rebuild(run) {
      const place = layout(run.sizes, Math.max(root.getBoundingClientRect().width, 300));
      root.replaceChildren();
      root.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
      root.setAttribute("height", place.height);
      root.setAttribute("aria-label", `Network of ${run.sizes.join("-")} neurons, ${run.label}`);
      const edges = buildEdges(root, place);
      const gradients = Array.from({ length: run.frames }, (_, f) => [...run.gradient(f)]).flat();
      parts = {
        root, place, edges, neurons: buildNeurons(root, place), labels: buildLabels(root, run, place),
        meters: buildMeters(root, run, place), range: decades(gradients), biasTop: run.largest.bias || 1, top: null,
      };
      picked = null;
    }
    function draw(run, frame, row) {
      const look = run.look(frame, row);
      const scale = model.get("scale");
      const top = tops(run, look, scale);
      if (parts.top?.[0] !== top[0] || parts.scale !== scale) drawLegend(legend, top[0], scale, run.rows, parts.place.widest);
      Object.assign(parts, { top, scale });
      scaleChoice.value = scale;
      shown = [run, frame, row];
      drawFrame(parts, run, look, frame, row);
      drawDetail(false);
    }
    const { drawNow } = await follow({ model, el, host, signal }, { rebuild, draw });
    if (signal.aborted) return;
    model.on("change:scale", drawNow);

    function under(event) {
      const toPicture = root.getScreenCTM().inverse();
      return pick(parts.place, new DOMPoint(event.clientX, event.clientY).matrixTransform(toPicture));
    }
    let pointed = false; // what the arrow keys chose is not lost to a mouse that happens to lie there
    function point(event) {
      const found = under(event);
      if (found || pointed) choose(found);
      pointed = found !== null;
    }
    root.addEventListener("pointermove", point);
    root.addEventListener("pointerdown", point);
    root.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && pointed) choose(null);
      pointed = false;
    });
    root.addEventListener("blur", () => choose(null));
    root.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's
      const { sizes } = shown[0];
      const at = picked ?? { kind: "neuron", layer: 0, index: 0 };
      const direction = { PageDown: 1, PageUp: -1 }[event.key];
      const next = direction ? walkEdges(sizes, at, direction) : walk(sizes, at, event.key);
      if (next === null) return;
      event.preventDefault();
      choose(next);
    });
  },
};
