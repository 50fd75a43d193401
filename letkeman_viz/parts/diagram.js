/** One network as SVG: built once for its sizes and the picture's width; a step only changes attributes. */
import { bitIsRight, bitOf, isRight, rowWithBitFlipped, toDecimal } from "./bits.js";
import { describe, writeDescription } from "./describe.js";
import { html, onResize, setAttribute, setText, svg } from "./dom.js";
import { formatNumber, layerName } from "./format.js";
import { hasPart, isNear, layout, partOf, pick, samePart, walk, walkEdges } from "./geometry.js";
import { biasWidth, fullness, signOf, widthLaw, WIDEST } from "./scale.js";

/** @typedef {import("./geometry.js").Part} Part */

// An application: its keys are its own, which a picture's would not be.
const PICTURE = {
  tabindex: 0, role: "application", "aria-roledescription": "network diagram", class: "lv-picture", "data-lm-suppress-shortcuts": "true",
};
const POINT = "Point at a line or a neuron to see its numbers; press it to keep them, and to fade the rest.";
const FLIP = "Press an input to flip its bit.";
const KEYS =
  "With the keyboard: arrows walk the neurons, Page Up and Page Down the weights into one, Enter presses, Escape lets go.";
const NOT_IN_TABLE = "With this bit flipped, the pattern is not in the table, so the network has no answer to compare with.";
const DEFAULT_WIDTH = 600; // pixels, until the picture has a place in the page

const areBits = (rows) => rows.every((row) => row.every((x) => x === 0 || x === 1));

function text(parent, x, y, content, name) {
  const element = svg("text", { x, y, class: name }, parent);
  element.textContent = content;
  return element;
}

/** One line for each weight: [layer][from * fanOut + to], with what it shows now. */
function buildEdges(root, { neurons }) {
  const group = svg("g", { class: "lv-edges" }, root);
  return neurons.slice(1).map((column, k) =>
    neurons[k].flatMap((a, from) =>
      column.map((b, to) => ({
        element: svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y }, group),
        part: { kind: "edge", layer: k + 1, from, to }, sign: "", width: 0,
      })),
    ),
  );
}

/** Rings and fills: [layer][index]. */
function buildNeurons(root, { neurons, radius: r }) {
  return neurons.map((column, layer) =>
    column.map(({ x: cx, y: cy }, index) => {
      const group = svg("g", { class: "lv-neuron" }, root);
      const rim = svg("circle", { cx, cy, r: r + 1, class: "lv-rim" }, group);
      const ring = layer > 0 ? svg("circle", { cx, cy, r: r * 0.86 }, group) : null;
      svg("circle", { cx, cy, r: r * 0.71, class: "lv-inside" }, group);
      const fill = svg("circle", { cx, cy, r: r * 0.71, class: "lv-fill" }, group);
      return { group, rim, ring, fill, part: { kind: "neuron", layer, index } };
    }),
  );
}

/** Names of the layers; bits at the inputs; numbers, bits and targets at the outputs; what the bits read as. */
function buildLabels(root, place, bits) {
  const { neurons, radius, width, narrow, tight, sizes } = place;
  const crowd = radius < 9 ? "lv-crowd" : "";
  const isInner = (k) => k > 0 && k < sizes.length - 1;
  function nameOf(k) {
    if (tight && isInner(k)) return `h${k}`;
    return place.between < 45 ? { 0: "in" }[k] ?? "out" : layerName(k, sizes);
  }
  neurons.forEach((column, k) => text(root, column[0].x, 18, nameOf(k), "lv-head"));
  const beside = neurons[0][0].x - radius - 13;
  const inputs = neurons[0].map(({ y }, i) => {
    if (bits.inputs && sizes[0] <= 10) text(root, beside - 11, y + 4, String(2 ** (sizes[0] - 1 - i)), "lv-worth");
    return text(root, beside - (bits.inputs ? 0 : 8), y + 5, "", bits.inputs ? `lv-bit ${crowd}` : crowd);
  });
  const columns = narrow ? [width - 84, width - 52, width - 21] : [width - 115, width - 70, width - 27];
  ["", "bit", "target"].forEach((name, k) => text(root, columns[k], 18, name, narrow ? "lv-head lv-crowd" : "lv-head"));
  const outputs = neurons.at(-1).map(({ y }) => ({
    value: text(root, columns[0], y + 4, "", ""),
    bit: text(root, columns[1], y + 5, "", `lv-bit ${crowd}`),
    target: text(root, columns[2], y + 5, "", `lv-bit ${crowd}`),
  }));
  const large = sizes.at(-1) > 6; // numbers of three digits
  const under = (column) => column.at(-1).y + Math.max(radius, 7) + 17;
  const reading = (is, x, column) => (is ? text(root, x, under(column), "", `lv-reading ${large ? "lv-crowd" : ""}`) : null);
  return {
    inputs, outputs,
    input: reading(bits.inputs && sizes[0] > 1, beside, neurons[0]),
    output: reading(bits.targets && sizes.at(-1) > 1, columns[1], neurons.at(-1)),
    target: reading(bits.targets && sizes.at(-1) > 1, columns[2], neurons.at(-1)),
  };
}

/** Four digits where they say something; what is nearly 0 or 1 as everywhere else. */
function outputText(o, narrow) {
  if (narrow) return Number.isNaN(o) ? "NaN" : o.toFixed(2);
  return o >= 0.001 && o < 0.99995 ? o.toFixed(4) : formatNumber(o);
}

function drawWeights({ edges, neurons, place }, run, look, scale) {
  const widthOf = widthLaw(scale, run, look, place.widest);
  look.layers.forEach(({ weights, biases }, k) => {
    edges[k].forEach((edge, at) => {
      const sign = signOf(weights[at]);
      const width = Math.round(widthOf(weights[at], k) * 20) / 20;
      if (edge.sign !== sign) edge.element.setAttribute("class", `lv-${(edge.sign = sign)}`);
      if (edge.width !== width) edge.element.setAttribute("stroke-width", String((edge.width = width)));
    });
    neurons[k + 1].forEach(({ ring }, j) => {
      setAttribute(ring, "class", `lv-${signOf(biases[j])}`);
      setAttribute(ring, "stroke-width", ((biasWidth(biases[j]) * place.radius) / 15).toFixed(1));
    });
  });
}

function drawValues({ neurons, labels, place }, run, look, row) {
  look.activations.forEach((values, layer) =>
    values.forEach((a, i) => {
      const full = fullness(run, layer, a);
      const { fill, rim } = neurons[layer][i];
      setAttribute(fill, "fill-opacity", Number.isNaN(full) ? "0" : full.toFixed(3));
      setAttribute(rim, "class", Number.isNaN(full) ? "lv-rim lv-broken" : "lv-rim");
    }),
  );
  const [outputs, target] = [look.activations.at(-1), run.targets[row]];
  labels.inputs.forEach((label, i) => setText(label, formatNumber(run.inputs[row][i])));
  labels.outputs.forEach((label, j) => {
    const correct = bitIsRight(outputs[j], target[j]);
    const value = outputText(outputs[j], place.narrow);
    setText(label.value, value);
    label.value.classList.toggle("lv-crowd", value.length > 7 || place.narrow || place.radius < 9);
    setText(label.bit, String(bitOf(outputs[j])));
    setText(label.target, `${formatNumber(target[j])} ${correct ? "✓" : "✗"}`);
    label.target.classList.toggle("lv-yes", correct);
  });
  const equals = place.narrow || place.sizes.at(-1) > 6 ? "" : "= ";
  if (labels.input) setText(labels.input, `= ${toDecimal(run.inputs[row])}`);
  if (!labels.output) return;
  const read = Array.from(outputs, bitOf);
  setText(labels.output, equals + (read.some((bit) => typeof bit === "string") ? "?" : toDecimal(read)));
  setText(labels.target, equals + toDecimal(target));
  labels.target.classList.toggle("lv-yes", isRight(Array.from(outputs), target));
}

/** Put a halo around a part. */
function highlight({ place, root }, part) {
  root.querySelectorAll(".lv-halo").forEach((halo) => halo.remove());
  if (!part) return;
  if (part.kind === "neuron") {
    const { x, y } = place.neurons[part.layer][part.index];
    svg("circle", { cx: x, cy: y, r: place.radius + 4, class: "lv-halo" }, root);
  } else {
    const [a, b] = [place.neurons[part.layer - 1][part.from], place.neurons[part.layer][part.to]];
    root.querySelector(".lv-edges").before(svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, class: "lv-halo" }));
  }
}

/** Fade everything that has nothing to do with what is pinned. */
function fade({ root, edges, neurons }, pinned) {
  root.classList.toggle("lv-focused", pinned !== null);
  const near = (part) => pinned !== null && isNear(pinned, part);
  edges.flat().forEach(({ element, part }) => element.toggleAttribute("data-near", near(part)));
  neurons.flat().forEach(({ group, part }) => group.toggleAttribute("data-near", near(part)));
}

/**
 * A diagram of one run.
 *
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {number} [options.height] pixels of the picture; less on a phone
 * @param {import("./scale.js").ScaleMode} [options.scale]
 * @param {(part: Part | null) => void} [options.onpin] what the reader pins, or lets go
 * @param {(part: Part | null) => void} [options.onpoint] what the reader points at now, or else what is pinned; without it,
 *   the diagram has a box of its own for the description
 * @param {(row: number) => void} [options.onrow] the row of the table that a flipped bit leads to
 * @param {(index: number) => boolean} [options.onflip] in place of `onrow`: flip this bit of the input; false if it cannot be
 * @param {(part: Part) => void} [options.onedit] a part was pressed twice, or the key E on it
 * @param {(widest: number) => void} [options.onfit] how wide the widest line is, for the legend: it depends on the picture's size
 * @param {(sentence: string) => void} [options.complain] why a press did nothing; "" when that is over
 */
export function createDiagram(parent, options) {
  const { signal, height = 430, onpin = () => {}, onpoint, onrow, onflip, onedit, onfit, complain = () => {} } = options;
  const element = html("div", { class: "lv-diagram" }, parent);
  const root = svg("svg", PICTURE, element);
  const hint = html("p", { class: "lv-unseen", id: `lv-hint-${Math.random().toString(36).slice(2)}` }, element);
  const live = html("p", { class: "lv-unseen", role: "status" }, element);
  const detail = onpoint ? null : html("div", { class: "lv-detail" }, element);
  root.setAttribute("aria-describedby", hint.id);

  let parts = null; // what is built
  let bits = null; // whether the table's inputs and targets are bits
  let run = null;
  let shown = null; // { step, row }
  let scale = options.scale ?? "fixed";
  let hovered = null; // what a pointer or the arrow keys are on
  let pinned = null;
  let complaint = "";

  const picked = () => hovered ?? pinned;
  const canFlip = () => Boolean(onflip || (onrow && run.rows > 1)) && bits.inputs;
  const look = () => run.look(shown.step, shown.row);

  function build() {
    const width = Math.max(element.clientWidth || DEFAULT_WIDTH, 280);
    const key = [run.sizes, width, bits.inputs, bits.targets].join();
    if (parts?.key === key) return;
    const place = layout(run.sizes, width, height);
    root.replaceChildren();
    root.setAttribute("viewBox", `0 0 ${width} ${place.height}`);
    root.setAttribute("height", place.height);
    const [edges, neurons] = [buildEdges(root, place), buildNeurons(root, place)]; // neurons lie above the lines
    parts = { root, key, place, edges, neurons, labels: buildLabels(root, place, bits) };
    mark();
    onfit?.(place.widest);
  }
  function mark() {
    fade(parts, pinned);
    highlight(parts, picked());
  }
  function drawDetail() {
    if (!detail || !shown) return;
    const found = picked() && describe(run, look(), picked(), shown.row);
    const lines = found ? found.lines : [hint.textContent];
    writeDescription(detail, { title: found?.title ?? "", lines: complaint ? [...lines, complaint] : lines });
  }
  function say(sentence) {
    if (sentence === complaint) return;
    complaint = sentence;
    complain(sentence);
  }
  /** @param {Part | null} part @param {boolean} [aloud] whether screen readers are told */
  function choose(part, aloud = false) {
    if (!shown) return;
    if (!samePart(part, hovered)) {
      hovered = part;
      say("");
      highlight(parts, picked());
      onpoint?.(picked());
    }
    drawDetail();
    if (aloud && picked()) {
      const { title, lines } = describe(run, look(), picked(), shown.row);
      const flip = picked().kind === "neuron" && picked().layer === 0 && canFlip() ? ["Press Enter to flip it."] : [];
      setText(live, [title, ...lines, ...flip].join(". "));
    }
  }
  function setPinned(part, byReader) {
    const next = part && run && !hasPart(run.sizes, part) ? null : part;
    if (samePart(next, pinned)) return;
    pinned = next;
    if (parts) mark();
    if (byReader) onpin(pinned);
    if (!hovered) onpoint?.(pinned);
    drawDetail();
  }
  function press(part) {
    if (!shown) return;
    if (part?.kind !== "neuron" || part.layer > 0 || !canFlip()) return setPinned(samePart(part, pinned) ? null : part, true);
    if (onflip) {
      if (onflip(part.index) !== false) return say("");
    } else {
      const other = rowWithBitFlipped({ rows: run.rows, inputs: (k) => run.inputs[k] }, shown.row, part.index);
      if (other >= 0) {
        say("");
        return onrow(other);
      }
    }
    say(NOT_IN_TABLE);
    setText(live, NOT_IN_TABLE);
    drawDetail();
  }

  function under(event) {
    const toPicture = root.getScreenCTM().inverse();
    return parts && pick(parts.place, new DOMPoint(event.clientX, event.clientY).matrixTransform(toPicture));
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
  root.addEventListener("click", (event) => {
    const found = under(event);
    if (event.pointerType === "touch") choose(null); // a finger does not stay over what it has pressed
    press(found);
  });
  root.addEventListener("dblclick", (event) => {
    const found = under(event);
    if (!onedit || !found || found.layer === 0) return;
    setPinned(found, true);
    onedit(found);
  });
  root.addEventListener("blur", () => choose(null));

  /** @returns {boolean} whether the key was one of the diagram's */
  function onKey(key) {
    if (key === "Escape") {
      if (!picked()) return false;
      setPinned(null, true);
      choose(null);
    } else if (key === "Enter" || key === " ") press(picked());
    else if (key.toLowerCase() === "e" && onedit && picked()?.layer > 0) {
      setPinned(picked(), true);
      onedit(pinned);
    } else {
      const at = picked() ?? { kind: "neuron", layer: 0, index: 0 };
      const direction = { PageDown: 1, PageUp: -1 }[key];
      const next = direction ? walkEdges(run.sizes, at, direction) : walk(run.sizes, at, key);
      if (next === null) return false;
      choose(picked() ? next : at, true);
    }
    return true;
  }
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !shown) return; // the browser's
    if (!onKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  function draw(step, row) {
    shown = { step: Math.min(step, run.last), row };
    drawWeights(parts, run, look(), scale);
    drawValues(parts, run, look(), row);
    drawDetail();
  }
  onResize(element, () => {
    if (!run) return;
    build();
    if (shown) draw(shown.step, shown.row);
  }, signal);

  return {
    element,
    /** Show another run; call `draw` afterwards. @param {import("./run.js").Run} next */
    load(next) {
      run = next;
      shown = null;
      bits = { inputs: areBits(run.inputs), targets: areBits(run.targets) };
      if (hovered && !hasPart(run.sizes, hovered)) hovered = null;
      if (pinned && !hasPart(run.sizes, pinned)) setPinned(null, true);
      build();
      root.setAttribute("aria-label", `Network of ${run.sizes.join("-")} neurons, ${run.label}`);
      setText(hint, [POINT, ...(canFlip() ? [FLIP] : []), KEYS].join(" "));
    },
    draw,
    /** Pin a part without telling `onpin`. @param {Part | number[] | null} part or the numbers of it */
    pin(part) {
      setPinned(Array.isArray(part) ? partOf(part) : part, false);
    },
    /** What is pointed at, or else pinned. @returns {Part | null} */
    get picked() {
      return picked();
    },
    /** Pixels of the widest line, for the legend. */
    get widest() {
      return parts?.place.widest ?? WIDEST;
    },
    set scale(mode) {
      scale = mode;
      if (shown) draw(shown.step, shown.row);
    },
  };
}
