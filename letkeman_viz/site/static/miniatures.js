// The small live pictures. Their data is in the page, as JSON in #lk-miniatures; nothing is fetched.
//
// <figure class="lkv lk-miniature" data-miniature="tower" data-plays="loop"> becomes a picture that plays on and on;
// data-plays="once" plays through and then stands; with data-knob the reader can turn what the clock turns.
"use strict";
{
  const SECONDS = 5; // one pass, the pause at its end not counted
  const HOLD = 1.6; // seconds at the end before it starts again
  const STILL = { counting: 1, tower: 0.18, example: 1, race: 0.3, shapes: 0.15, curves: 1, rate: 0.6 };

  /** Dash and mark of the widgets' styles (parts/schemes.js): what tells schemes apart where colours do not. */
  const DASHES = ["2 3", "9 3 2 3", "", "6 4", "11 4", "6 3 2 3", "8 3 2 3 2 3", "4 2"];

  const lesser = matchMedia("(prefers-reduced-motion: reduce)");

  function svg(name, attributes, parent) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  }

  function html(name, attributes, parent) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") element.textContent = value;
      else element.setAttribute(key, value);
    }
    parent.append(element);
    return element;
  }

  /** Numbers that Python packed as bytes: `get(i, j, ...)`. */
  function unpack({ low, high, shape, data }) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const step = (high - low) / 255;
    return (...at) => low + step * bytes[at.reduce((place, index, axis) => place * shape[axis] + index, 0)];
  }

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const path = (points) => "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
  const shown = (value) => (value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2));
  /** There and back again: 0 at both ends of the pass, 1 in its middle, slow where it turns. */
  const swing = (share) => (1 - Math.cos(2 * Math.PI * share)) / 2;

  function canvas(figure, width, height, label) {
    return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, figure);
  }

  function word(parent, x, y, text, attributes = {}) {
    const element = svg("text", { x, y, ...attributes }, parent);
    element.textContent = text;
    return element;
  }

  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // --- Networks ------------------------------------------------------------------------------------------

  /**
   * A dense network, input left and output right. `draw(weight, activation)` takes functions of the index.
   * @param {number} top the weight whose line is widest
   */
  function network(parent, sizes, { left, right, height, gap, widest, top, target }) {
    const place = (layer, k) => [
      left + ((right - left) * layer) / (sizes.length - 1),
      height / 2 + (k - (sizes[layer] - 1) / 2) * gap,
    ];
    const lines = [];
    const edges = svg("g", { class: "lk-edges" }, parent);
    for (let layer = 1; layer < sizes.length; layer++)
      for (let from = 0; from < sizes[layer - 1]; from++)
        for (let to = 0; to < sizes[layer]; to++) {
          const [[x1, y1], [x2, y2]] = [place(layer - 1, from), place(layer, to)];
          lines.push(svg("line", { x1, y1, x2, y2 }, edges));
        }
    const discs = sizes.flatMap((count, layer) =>
      Array.from({ length: count }, (_, k) => {
        const [cx, cy] = place(layer, k);
        return svg("circle", { cx, cy, r: gap * 0.32 }, parent);
      }),
    );
    const answers = target.map((_, k) => {
      const [x, y] = place(sizes.length - 1, k);
      return word(parent, x + gap * 0.6, y + 4, "", { class: "lk-bit" });
    });
    return (weight, activation) => {
      lines.forEach((line, k) => {
        const value = weight(k);
        const sign = value > 0 ? "positive" : value < 0 ? "negative" : "zero";
        if (line.getAttribute("class") !== sign) line.setAttribute("class", sign);
        const width = value ? Math.max((Math.abs(value) / top) * widest, 0.35) : 0.8;
        line.setAttribute("stroke-width", width.toFixed(2));
      });
      discs.forEach((disc, k) => disc.style.setProperty("--lk-share", `${(activation(k) * 100).toFixed(0)}%`));
      target.forEach((wanted, k) => {
        const bit = activation(discs.length - target.length + k) > 0.5 ? 1 : 0;
        say(answers[k], String(bit));
        answers[k].classList.toggle("lk-wrong", bit !== wanted);
      });
    };
  }

  function counting(figure, { sizes, steps, target, networks, weights, activations }) {
    const [weight, activation] = [unpack(weights), unpack(activations)];
    const row = html("div", { class: "lk-networks" }, figure);
    const draws = networks.map(({ label, right }, k) => {
      const panel = html("div", { class: "lk-network" }, row);
      html("p", { class: "lk-network-name", text: label }, panel);
      const picture = canvas(panel, 300, 204, `A network that starts from ${label} and learns to count in binary`);
      const options = { left: 14, right: 268, height: 204, gap: 25, widest: 7, top: weights.high, target };
      const draw = network(picture, sizes, options);
      const score = html("p", { class: "lk-score" }, panel);
      const [many, rest] = [html("b", {}, score), html("span", { text: " of 32 right" }, score)];
      return (frame) => {
        draw((i) => weight(k, frame, i), (i) => activation(k, frame, i));
        say(many, String(right[frame]));
        panel.classList.toggle("lk-solved", right[frame] === 32);
        say(rest, right[frame] === 32 ? " of 32 right: it can count" : " of 32 right");
      };
    });
    const where = html("p", { class: "lk-where" }, figure);
    return (share) => {
      const frame = Math.round(share * (steps.length - 1));
      draws.forEach((draw) => draw(frame));
      say(where, `epoch ${steps[frame]} of ${steps.at(-1)}`);
    };
  }

  function example(figure, { sizes, steps, target, weights, activations, loss }) {
    const [weight, activation, height] = [unpack(weights), unpack(activations), unpack(loss)];
    const picture = canvas(figure, 320, 200, "A network whose weights all start at one learns a single example");
    const options = { left: 20, right: 226, height: 186, gap: 22.5, widest: 2.2, top: weights.high, target };
    const draw = network(picture, sizes, options);
    const verdict = word(picture, 314, 182, "", { class: "lk-big", "text-anchor": "end" });
    const points = steps.map((step, k) => [257 + (step / steps.at(-1)) * 55, 150 - (height(k) / loss.high) * 68]);
    svg("path", { d: "M254 76V152H314", class: "lk-axis" }, picture);
    word(picture, 255, 72, "loss", { class: "lk-quiet" });
    const line = svg("path", { class: "lk-line" }, picture);
    return (share) => {
      const frame = Math.round(share * (steps.length - 1));
      draw((i) => weight(frame, i), (i) => activation(frame, i));
      say(verdict, frame === steps.length - 1 ? "20 ✓" : "not yet");
      line.setAttribute("d", path(points.slice(0, frame + 1)));
    };
  }

  // --- Numbers -------------------------------------------------------------------------------------------

  function tower(figure, { gains, logGradient }) {
    const log = unpack(logGradient);
    const layers = logGradient.shape[1];
    const picture = canvas(figure, 320, 200, "The gradient in each of twenty tanh layers, for one gain after another");
    const [low, high] = [-8.2, 1.4];
    const y = (value) => 178 - ((clamp(value, low, high) - low) / (high - low)) * 150;
    svg("path", { d: `M14 ${y(0)}H306`, class: "lk-level" }, picture);
    const bars = Array.from({ length: layers }, (_, k) =>
      svg("rect", { x: 15 + k * 13.9, width: 9.5, rx: 2.5, class: "lk-bar" }, picture),
    );
    word(picture, 14, 196, "first layer", { class: "lk-quiet" });
    word(picture, 306, 196, "last layer", { class: "lk-quiet", "text-anchor": "end" });
    const gain = word(picture, 14, 20, "", { class: "lk-big" });
    const left = word(picture, 306, 20, "", { class: "lk-quiet", "text-anchor": "end" });
    const turn = (at) => {
      bars.forEach((bar, k) => {
        const top = y(log(at, k));
        bar.setAttribute("y", top.toFixed(1));
        bar.setAttribute("height", Math.max(180 - top, 2).toFixed(1));
      });
      say(gain, `gain ${gains[at].toFixed(2)}`);
      const passed = 10 ** (log(at, 0) - log(at, layers - 1));
      const lost = 1 / passed;
      const count = lost < 1e6 ? Math.round(lost).toLocaleString("en") : `${(lost / 1e6).toFixed(lost < 1e7 ? 1 : 0)} million`;
      if (passed > 1.5) say(left, `the gradient grows ${passed.toFixed(passed < 10 ? 1 : 0)}-fold`);
      else if (lost < 1.5) say(left, "the gradient gets through");
      else if (lost < 10) say(left, `1 / ${lost.toFixed(1)} gets through`);
      else say(left, `1 / ${count} gets through`);
    };
    return Object.assign((share) => turn(Math.round(swing(share) * (gains.length - 1))), {
      knob: { label: "Gain", values: gains.map((value) => value.toFixed(2)), turn },
    });
  }

  function race(figure, { steps, of, lanes }) {
    const picture = canvas(figure, 320, 200, "Seven schemes race: how many of the 32 numbers each has right");
    const [start, end] = [126, 300];
    const x = (right) => start + ((end - start) * right) / of;
    word(picture, 8, 16, "right of 32", { class: "lk-quiet" });
    const where = word(picture, end + 6, 16, "", { class: "lk-big", "text-anchor": "end" });
    svg("path", { d: `M${end} 26V194`, class: "lk-level" }, picture);
    const bars = lanes.map(({ label, style }, k) => {
      const y = 38 + k * 24;
      word(picture, start - 8, y + 4, label, { class: "lk-lane", "text-anchor": "end" });
      svg("path", { d: `M${start} ${y}H${end}`, class: "lk-axis" }, picture);
      const bar = svg("path", { class: "lk-runner", style: `stroke: var(--lkv-scheme-${style})` }, picture);
      const disc = svg("circle", { cy: y, r: 7, style: `fill: var(--lkv-scheme-${style})` }, picture);
      return (right) => {
        bar.setAttribute("d", `M${start} ${y}H${x(right)}`);
        disc.setAttribute("cx", x(right));
      };
    });
    return (share) => {
      const frame = share ** 1.6 * (steps.length - 1); // the start is where things happen
      const [before, part] = [Math.floor(frame), frame % 1];
      lanes.forEach(({ right }, k) => {
        bars[k](right[before] + part * ((right[before + 1] ?? right[before]) - right[before]));
      });
      say(where, `epoch ${steps[before]}`);
    };
  }

  function shapes(figure, { fanIn, fanOut, forward, backward }) {
    const picture = canvas(figure, 320, 200, "What a layer does to magnitude, forward and backward, for every shape");
    const half = (fan) => 10 + 9 * Math.log2(fan / 16) + 14;
    const layer = svg("path", { class: "lk-shape" }, picture);
    const [first, last] = [20, 140].map((x) => word(picture, x, 0, "", { class: "lk-quiet", "text-anchor": "middle" }));
    const y = (value) => 104 - Math.log2(value) * 34;
    svg("path", { d: "M172 104H308", class: "lk-level" }, picture);
    word(picture, 316, 108, "1", { class: "lk-quiet", "text-anchor": "end" });
    const gauge = (at, name, arrow) => {
      const bar = svg("path", { class: `lk-gauge lk-${name}` }, picture);
      const value = word(picture, at, 0, "", { class: "lk-big", "text-anchor": "middle" });
      word(picture, at, 194, `${arrow} ${name}`, { class: "lk-quiet", "text-anchor": "middle" });
      return (number) => {
        bar.setAttribute("d", `M${at} 104V${y(number).toFixed(1)}`);
        value.setAttribute("y", (y(number) + (number >= 1 ? -7 : 19)).toFixed(1));
        say(value, number.toFixed(2));
      };
    };
    const [ahead, back] = [gauge(204, "forward", "→"), gauge(270, "backward", "←")];
    const turn = (at) => {
      const [a, b] = [half(fanIn[at]), half(fanOut[at])];
      layer.setAttribute("d", `M20 ${104 - a}L140 ${104 - b}V${104 + b}L20 ${104 + a}Z`);
      for (const [text, fan, size] of [[first, fanIn[at], a], [last, fanOut[at], b]]) {
        text.setAttribute("y", 104 - size - 7);
        say(text, String(fan));
      }
      ahead(forward[at]);
      back(backward[at]);
    };
    const shape = fanIn.map((fan, k) => `${fan} inputs, ${fanOut[k]} outputs`);
    return Object.assign((share) => turn(Math.round(swing(share) * (fanIn.length - 1))), {
      knob: { label: "Shape of the layer", values: shape, turn },
    });
  }

  /** A line in the colour and dash of a scheme. */
  function schemeLine(parent, style) {
    const dash = DASHES[style - 1];
    return svg("path", { class: "lk-line", "stroke-dasharray": dash, style: `stroke: var(--lkv-scheme-${style})` }, parent);
  }

  function curves(figure, { epochs, lines, logLoss }) {
    const log = unpack(logLoss);
    const picture = canvas(figure, 320, 200, "Recorded loss curves of five schemes in a convolutional network");
    const x = (epoch) => 14 + ((epoch - 1) / (epochs.at(-1) - 1)) * 292;
    const y = (value) => 182 - ((value - logLoss.low) / (logLoss.high - logLoss.low)) * 150;
    const goal = lines.findIndex(({ label }) => label === "Standard Xavier");
    const end = log(goal, epochs.length - 1);
    svg("path", { d: "M14 28V184H308", class: "lk-axis" }, picture);
    svg("path", { d: `M14 ${y(end)}H308`, class: "lk-level" }, picture);
    word(picture, 14, 20, "loss", { class: "lk-quiet" });
    word(picture, 306, 198, "epochs", { class: "lk-quiet", "text-anchor": "end" });
    const where = word(picture, 306, 20, "", { class: "lk-big", "text-anchor": "end" });
    const drawn = lines.map(({ style }) => schemeLine(picture, style));
    word(picture, 304, y(end) - 12, "Standard Xavier's end", { class: "lk-quiet", "text-anchor": "end" });
    return (share) => {
      const last = Math.round(share * (epochs.length - 1));
      drawn.forEach((line, k) => line.setAttribute("d", path(epochs.slice(0, last + 1).map((e, i) => [x(e), y(log(k, i))]))));
      say(where, `epoch ${epochs[last]} of ${epochs.at(-1)}`);
    };
  }

  function rate(figure, { rates, steps, lines, right }) {
    const count = unpack(right);
    const picture = canvas(figure, 320, 200, "How soon three schemes learn to count, for one learning rate after another");
    const x = (step) => 14 + (step / steps.at(-1)) * 292;
    const y = (value) => 182 - (value / 32) * 146;
    svg("path", { d: "M14 28V184H308", class: "lk-axis" }, picture);
    svg("path", { d: `M14 ${y(32)}H308`, class: "lk-level" }, picture);
    word(picture, 306, 198, "1,000 epochs", { class: "lk-quiet", "text-anchor": "end" });
    word(picture, 304, y(32) - 4, "all 32 right", { class: "lk-quiet", "text-anchor": "end" });
    const where = word(picture, 14, 20, "", { class: "lk-big" });
    const drawn = lines.map(({ style }) => schemeLine(picture, style));
    const turn = (at) => {
      drawn.forEach((line, k) => line.setAttribute("d", path(steps.map((step, i) => [x(step), y(count(at, k, i))]))));
      say(where, `learning rate ${shown(rates[at])}`);
    };
    return Object.assign((share) => turn(Math.round(swing(share) * (rates.length - 1))), {
      knob: { label: "Learning rate", values: rates.map(shown), turn },
    });
  }

  const PICTURES = { counting, tower, example, race, shapes, curves, rate };

  // --- One clock for all ---------------------------------------------------------------------------------

  const playing = new Set();
  let paused = lesser.matches;
  let ticking = false;

  /** One picture: whether it is on the screen, and how long it has played. */
  function start(figure, data) {
    const name = figure.dataset.miniature;
    const draw = PICTURES[name](figure, data);
    const once = figure.dataset.plays === "once";
    const item = { draw, once, elapsed: 0, seen: true };
    draw(once && !paused ? 0 : STILL[name]);
    item.elapsed = once ? 0 : STILL[name] === 1 ? 0 : STILL[name] * SECONDS;
    playing.add(item);
    new IntersectionObserver(([entry]) => {
      item.seen = entry.isIntersecting;
      wake();
    }).observe(figure);
    if (figure.dataset.knob !== undefined && draw.knob) addKnob(figure, draw.knob, item);
  }

  /** What the clock turns, in the reader's hand: from the first touch on it stays there. */
  function addKnob(figure, { label, values, turn }, item) {
    const input = html("input", { type: "range", min: 0, max: values.length - 1, step: 1, "aria-label": label }, figure);
    const name = (at) => input.setAttribute("aria-valuetext", values[at]);
    const { draw } = item;
    item.draw = (share) => {
      draw(share);
      input.value = String(Math.round(swing(share) * (values.length - 1)));
      name(Number(input.value));
    };
    item.draw(item.elapsed / SECONDS);
    input.addEventListener("input", () => {
      playing.delete(item);
      turn(Number(input.value));
      name(Number(input.value));
    });
  }

  let before = 0;

  function tick(now) {
    const passed = Math.min(now - before, 100) / 1000; // a page that slept does not leap
    if (passed < 1 / 32) return void requestAnimationFrame(tick);
    before = now;
    const due = paused ? [] : [...playing].filter(({ seen }) => seen);
    for (const item of due) {
      item.elapsed += passed;
      if (item.once && item.elapsed >= SECONDS) playing.delete(item);
      if (item.elapsed >= SECONDS + HOLD) item.elapsed = 0;
      item.draw(Math.min(item.elapsed / SECONDS, 1));
    }
    ticking = due.length > 0;
    if (ticking) requestAnimationFrame(tick);
  }

  function wake() {
    if (ticking || paused) return;
    ticking = true;
    before = performance.now();
    requestAnimationFrame(tick);
  }

  /** A button that stops all pictures of the page and lets them go on. */
  function bindToggle(button) {
    const name = () => (button.textContent = paused ? "Play the pictures" : "Pause the pictures");
    button.addEventListener("click", () => {
      paused = !paused;
      name();
      wake();
    });
    button.hidden = false;
    name();
  }

  function startAll() {
    const source = document.getElementById("lk-miniatures");
    if (!source) return;
    const data = JSON.parse(source.textContent);
    for (const figure of document.querySelectorAll("[data-miniature]")) start(figure, data[figure.dataset.miniature]);
    document.querySelectorAll("[data-miniatures-toggle]").forEach(bindToggle);
    wake();
  }

  // Called by the page right behind its data, so that the pictures are in its first paint.
  window.letkemanMiniatures = startAll;
}
