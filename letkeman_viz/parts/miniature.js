/** A small network on a canvas: seven of them are painted in a fraction of a frame. */
import { biasWidth, fullness, signOf, widthLaw } from "./scale.js";

/** Names of the colours that `paint` needs: `inks(root, MINIATURE_INKS)`. */
export const MINIATURE_INKS = ["positive", "negative", "zero", "ink", "page", "fill"];

const COLORS = { positive: "positive", negative: "negative", zero: "zero", broken: "ink" };
const DASHES = { positive: [], negative: [8, 4], zero: [2, 8], broken: [2, 5] }; // short dashes cost too much time
const SIGNS = Object.keys(DASHES);
const SHADES = 8; // widths are told apart to an eighth of a pixel: lines alike are painted in one go

/**
 * Where the neurons of a network lie in a picture of `width` x `height` CSS pixels: columns of {x, y}, their radius,
 * and the pixels of the widest line.
 *
 * @param {number[]} sizes
 */
export function miniature(sizes, width, height) {
  const gap = height / (Math.max(...sizes) + 0.4);
  const radius = Math.max(Math.min(gap * 0.36, width / 24, 11), 2);
  const between = (width - 2 * radius - 8) / (sizes.length - 1);
  const neurons = sizes.map((count, k) =>
    Array.from({ length: count }, (_, i) => ({
      x: radius + 4 + k * between,
      y: height / 2 + (i - (count - 1) / 2) * gap,
    })),
  );
  const widest = Math.min(Math.max(gap / 4.5, 2.4), 8);
  return { neurons, radius, widest, width, height };
}

/** Lines by sign and width, so that a picture takes few strokes, the widest first: {sign, width, at: [x1, y1, x2, y2, ...]}. */
function bundles(place, layers, widthOf) {
  const found = new Map();
  layers.forEach(({ weights, fanOut }, k) => {
    const [from, to] = [place.neurons[k], place.neurons[k + 1]];
    for (let e = 0; e < weights.length; e++) {
      const sign = signOf(weights[e]);
      const shade = Math.round(widthOf(weights[e], k) * SHADES);
      const key = SIGNS.indexOf(sign) + SIGNS.length * shade;
      let bundle = found.get(key);
      if (!bundle) found.set(key, (bundle = { sign, width: shade / SHADES, at: [] }));
      const [a, b] = [from[Math.floor(e / fanOut)], to[e % fanOut]];
      bundle.at.push(a.x, a.y, b.x, b.y);
    }
  });
  return [...found.values()].sort((a, b) => b.width - a.width);
}

function stroke(context, { sign, width, at }, inks) {
  context.beginPath();
  for (let k = 0; k < at.length; k += 4) {
    context.moveTo(at[k], at[k + 1]);
    context.lineTo(at[k + 2], at[k + 3]);
  }
  context.setLineDash(DASHES[sign]);
  context.lineWidth = width;
  context.strokeStyle = inks[COLORS[sign]];
  context.stroke();
}

function neuron(context, { x, y }, { radius, widest }, bias, full, inks) {
  const sign = signOf(bias);
  const ring = bias === 0 ? 1 : Math.min(biasWidth(bias, Math.max(2 * widest, 6)), radius);
  context.beginPath();
  context.arc(x, y, Math.max(radius - ring / 2, 0.5), 0, 2 * Math.PI);
  context.fillStyle = inks.page;
  context.fill();
  if (full > 0.02) {
    context.globalAlpha = full;
    context.fillStyle = inks.fill;
    context.fill();
    context.globalAlpha = 1;
  }
  context.setLineDash(sign === "negative" ? [5, 2.5] : []);
  context.strokeStyle = inks[COLORS[sign]];
  context.lineWidth = ring;
  context.stroke();
}

/**
 * Paint one frame of a run.
 *
 * @param {CanvasRenderingContext2D} context scaled so that its unit is a CSS pixel
 * @param {ReturnType<typeof miniature>} place
 * @param {import("./run.js").Run} run
 * @param {import("./run.js").Look} look of this run, at the frame to paint
 * @param {Record<string, string>} inks `inks(root, MINIATURE_INKS)`
 * @param {import("./scale.js").ScaleMode} [scale]
 */
export function paint(context, place, run, look, inks, scale = "fixed") {
  context.clearRect(0, 0, place.width, place.height);
  const widthOf = widthLaw(scale, run, look, place.widest);
  for (const bundle of bundles(place, look.layers, widthOf)) stroke(context, bundle, inks);
  look.activations.forEach((values, k) =>
    values.forEach((a, i) => {
      const bias = k === 0 ? 0 : look.layers[k - 1].biases[i];
      neuron(context, place.neurons[k][i], place, bias, fullness(run, k, a), inks);
    }),
  );
}
