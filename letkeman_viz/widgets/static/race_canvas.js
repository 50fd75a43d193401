// A small network on a canvas: seven of them must be drawn in a fraction of a frame.
import { edgeWidth, signOf } from "./geometry.js";

const DASH = { positive: [], negative: [8, 4], zero: [2, 8], broken: [2, 5] }; // short dashes cost too much time
const SIGNS = Object.keys(DASH);
const SHADES = 4; // widths are told apart to a quarter of a pixel: lines alike are drawn in one go

/** Where the neurons of a network lie in a picture: columns of {x, y}, their radius, the widest line. */
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
  return { neurons, radius, widest: Math.min(Math.max(width / 65, 2), 4), width, height };
}

/** Edges by sign and width, so that a picture takes few strokes: {sign, width, at: [x1, y1, x2, y2, ...]}. */
export function bundles(place, layers, top) {
  const found = new Map();
  layers.forEach(({ weights, fanOut }, k) => {
    const [from, to] = [place.neurons[k], place.neurons[k + 1]];
    for (let e = 0; e < weights.length; e++) {
      const sign = signOf(weights[e]);
      const width = Math.round(edgeWidth(weights[e], top, place.widest) * SHADES) / SHADES || 0.4;
      const key = SIGNS.indexOf(sign) + 10 * width;
      let bundle = found.get(key);
      if (!bundle) found.set(key, (bundle = { sign, width, at: [] }));
      const [a, b] = [from[Math.floor(e / fanOut)], to[e % fanOut]];
      bundle.at.push(a.x, a.y, b.x, b.y);
    }
  });
  return [...found.values()].sort((a, b) => a.width - b.width);
}

function stroke(context, { sign, width, at }, ink) {
  context.beginPath();
  for (let k = 0; k < at.length; k += 4) {
    context.moveTo(at[k], at[k + 1]);
    context.lineTo(at[k + 2], at[k + 3]);
  }
  context.setLineDash(DASH[sign]);
  context.lineWidth = width;
  context.strokeStyle = ink[sign];
  context.stroke();
}

/** How full a neuron is, 0 to 1. */
function fullness(run, layer, a) {
  const isSigmoid = layer === 0 || layer === run.sizes.length - 1 || run.activation === "sigmoid";
  const full = isSigmoid ? a : run.activation === "tanh" ? (a + 1) / 2 : a / (1 + a);
  return Math.min(Math.max(full, 0), 1); // NaN stays NaN, and paints nothing
}

function disc(context, { x, y }, radius) {
  context.beginPath();
  context.arc(x, y, Math.max(radius, 0.5), 0, 2 * Math.PI);
}

function neuron(context, at, radius, bias, full, biasTop, ink) {
  const sign = bias === 0 ? "rim" : signOf(bias);
  const ring = bias === 0 ? 1 : 1.2 + 1.6 * Math.min(Math.abs(bias) / biasTop, 1) || 1;
  disc(context, at, radius - ring / 2);
  context.fillStyle = ink.page;
  context.fill();
  if (full > 0.02) {
    context.globalAlpha = full;
    context.fillStyle = ink.fill;
    context.fill();
    context.globalAlpha = 1;
  }
  context.setLineDash(sign === "negative" ? [5, 2.5] : []);
  context.strokeStyle = ink[sign];
  context.lineWidth = ring;
  context.stroke();
}

/**
 * Draw one frame of a run.
 * @param {CanvasRenderingContext2D} context in CSS pixels @param {object} place from `miniature`
 * @param {object} look of the frame @param {object} run @param {{top: number, biasTop: number}} scale
 * @param {Record<string, string>} ink colours by sign, and page, fill, rim
 */
export function paint(context, place, look, run, { top, biasTop }, ink) {
  context.clearRect(0, 0, place.width, place.height);
  for (const bundle of bundles(place, look.layers, top)) stroke(context, bundle, ink);
  look.activations.forEach((values, k) =>
    values.forEach((a, i) => {
      const bias = k === 0 ? 0 : look.layers[k - 1].biases[i];
      neuron(context, place.neurons[k][i], place.radius, bias, fullness(run, k, a), biasTop, ink);
    }),
  );
}
