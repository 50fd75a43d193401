// NetworkDiagram: one network as SVG. Built once per run and width; a frame only changes attributes.
import { bitIsRight, bitOf, rowWithBitFlipped } from "./bits.js";
import { describe } from "./describe.js";
import { buildEdges, buildLabels, buildMeters, buildNeurons, drawLegend } from "./diagram_parts.js";
import { formatNumber, niceCeiling } from "./format.js";
import { decades, edgeWidth, isNear, partOf, layout, onLog, pick, signOf, walk, walkEdges } from "./geometry.js";
import { begin, follow, html, setText, svg } from "./stage.js";

// An application: its keys are its own, which a picture's would not be.
const PICTURE = { tabindex: 0, role: "application", "aria-roledescription": "network diagram", class: "lkv-picture" };
const HINT = "Point at a line or a neuron to see its numbers; press it to keep them, and to fade the rest. Press an input to flip its bit. " +
  "With the keyboard: arrows walk the neurons, Page Up and Page Down the weights into one, Enter presses, Escape lets go.";

/** Set an attribute only where it changes: most edges stand still from one frame to the next. */
function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** What the widest line of each layer stands for. */
function tops(run, look, scale) {
  if (scale === "layer") return run.largest.weight.map(niceCeiling);
  const all = scale === "frame" ? look.layers.map((l) => Math.max(...l.weights.map(Math.abs))) : run.largest.weight;
  return look.layers.map(() => niceCeiling(Math.max(...all)));
}

const SCALES = { fixed: "same for all frames", layer: "each layer's own", frame: "rescaled every frame" };

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
    if (meters[k].number) setText(meters[k].number, g === 0 ? "exactly 0" : formatNumber(g));
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
    setText(bit, String(bitOf(o)));
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

/** Fade everything that has nothing to do with what is pinned. */
function fade(parts, pinned) {
  parts.root.classList.toggle("lkv-focused", pinned !== null);
  parts.edges.forEach((lines, k) =>
    lines.forEach((line, from) =>
      line.forEach((edge, to) => {
        edge.toggleAttribute("data-near", pinned !== null && isNear(pinned, { kind: "edge", layer: k + 1, from, to }));
      }),
    ),
  );
  parts.neurons.forEach((column, layer) =>
    column.forEach(({ group }, index) => {
      group.toggleAttribute("data-near", pinned !== null && isNear(pinned, { kind: "neuron", layer, index }));
    }),
  );
}

function build(root, run) {
  const place = layout(run.sizes, Math.max(root.clientWidth, 300));
  root.replaceChildren();
  root.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
  root.setAttribute("height", place.height);
  const edges = buildEdges(root, place);
  return {
    root, place, edges, neurons: buildNeurons(root, place), labels: buildLabels(root, run, place),
    meters: buildMeters(root, run, place), shape: String(run.sizes), top: null,
  };
}

/** The controls under the picture: legend, choice of scale, and the numbers of what is picked. */
function buildFoot(model, el) {
  const box = html("div", { class: "lkv-legend" }, el);
  const legend = html("div", {}, box);
  const label = html("label", { class: "lkv-scale", text: "Scale of the lines: " }, box);
  const choice = html("select", {}, label);
  for (const [value, name] of Object.entries(SCALES)) html("option", { value, text: name }, choice);
  choice.addEventListener("change", () => {
    model.set("scale", choice.value);
    model.save_changes();
  });
  return { legend, choice, detail: html("div", { class: "lkv-detail" }, el) };
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-diagram");
    const root = svg("svg", PICTURE, el);
    const { legend, choice, detail } = buildFoot(model, el);
    let parts = null;
    let shown = null; // [run, frame, row] on show
    let hovered = null; // what a pointer or the arrow keys are on
    let complaint = ""; // why a press did nothing

    const pinned = () => {
      const found = partOf(model.get("pinned"));
      return found && shown && parts.place.has(found) ? found : null;
    };
    const picked = () => hovered ?? pinned();

    function drawDetail(aloud) {
      detail.setAttribute("aria-live", aloud ? "polite" : "off"); // not at every frame
      const [run, frame, row] = shown;
      const found = picked() && describe({ ...run, shownRow: row }, run.look(frame, row), picked());
      const lines = found ? [found.title, ...found.lines] : [HINT];
      if (complaint) lines.push(complaint);
      while (detail.children.length > lines.length) detail.lastChild.remove();
      lines.forEach((line, k) => setText(detail.children[k] ?? html("p", {}, detail), line));
      detail.classList.toggle("lkv-hint", !found);
    }
    function choose(next) {
      hovered = next;
      complaint = "";
      highlight(parts, picked());
      drawDetail(true);
    }
    function pin(part) {
      const same = part && JSON.stringify(part) === JSON.stringify(pinned());
      model.set("pinned", part && !same ? [part.layer, ...(part.kind === "edge" ? [part.from, part.to] : [part.index])] : []);
      model.save_changes();
    }
    function press(part) {
      const [run, , row] = shown;
      if (part?.kind !== "neuron" || part.layer > 0 || run.rows === 1) return pin(part);
      const other = rowWithBitFlipped(run, row, part.index);
      if (other >= 0) return view.choose(other);
      complaint = "With this bit flipped, the pattern is not in the table, so the network has no answer to compare with.";
      drawDetail(true);
    }
    function drawPinned() {
      fade(parts, pinned());
      highlight(parts, picked());
      drawDetail(true);
    }
    function rebuild(run) {
      const width = Math.max(root.clientWidth, 300);
      if (parts?.shape !== String(run.sizes) || parts.place.width !== width) {
        parts = build(root, run);
        hovered = null;
      }
      root.setAttribute("aria-label", `Network of ${run.sizes.join("-")} neurons, ${run.label}`);
      const gradients = Array.from({ length: run.frames }, (_, f) => [...run.gradient(f)]).flat();
      Object.assign(parts, { range: decades(gradients), biasTop: run.largest.bias || 1, top: null });
    }
    function draw(run, frame, row) {
      const look = run.look(frame, row);
      const scale = model.get("scale");
      const top = tops(run, look, scale);
      if (parts.top?.[0] !== top[0] || parts.scale !== scale) drawLegend(legend, top[0], scale, run.rows, parts.place.widest);
      Object.assign(parts, { top, scale });
      choice.value = scale;
      const first = shown?.[0] !== run;
      shown = [run, frame, row];
      if (first) drawPinned();
      drawFrame(parts, run, look, frame, row);
      drawDetail(false);
    }
    const view = await follow({ model, el, host, signal }, { rebuild, draw });
    if (signal.aborted) return;
    model.on("change:scale", view.drawNow);
    model.on("change:pinned", drawPinned);

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
    root.addEventListener("click", (event) => press(under(event)));
    root.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && pointed) choose(null);
      pointed = false;
    });
    root.addEventListener("blur", () => choose(null));
    root.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's
      if (event.key === "Escape" && pinned()) pin(null);
      else if (event.key === "Enter" && hovered) press(hovered);
      else {
        const { sizes } = shown[0];
        const at = picked() ?? { kind: "neuron", layer: 0, index: 0 };
        const direction = { PageDown: 1, PageUp: -1 }[event.key];
        const next = direction ? walkEdges(sizes, at, direction) : walk(sizes, at, event.key);
        if (next === null) return;
        choose(next);
      }
      event.preventDefault();
    });
  },
};
