/** Files that a reader can take from the playground, and the run as a Python script. All are made here. */
import { button, row } from "../parts/controls.js";
import { download, html, setText } from "../parts/dom.js";
import { pythonNumber, taskToCsv } from "../parts/tasks.js";
import { sizesOf, taskOf } from "./playground_settings.js";

/** A run as CSV, one line per step: the text of `Recording.csv_text` in Python. @param {import("../parts/run.js").Run} run */
export function recordingCsv(run) {
  const layers = Array.from({ length: run.layerCount }, (_, k) => k);
  const frameOf = new Map(Array.from(run.steps, (step, frame) => [step, frame]));
  const lines = [["step", "loss", "correct_as_presented", "correct_after", ...layers.map((k) => `gradient_layer_${k + 1}`)]];
  for (let step = 0; step <= run.last; step++) {
    const gradient = frameOf.has(step) ? Array.from(run.gradient(step), pythonNumber) : layers.map(() => "");
    lines.push([step, pythonNumber(run.loss[step]), step ? run.presented(step) : "", run.correct[step], ...gradient]);
  }
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

// --- The run in Python ----------------------------------------------------------------------------------------------

/** A script that computes a run, from `letkeman_viz` alone. @param {import("./playground_settings.js").Values} values */
export function pythonScript(values, data) {
  const { shown, seed, activation, mode, noise, edits } = values;
  const one = mode === "one";
  const sizes = `(${sizesOf(values, data).join(", ")})`;
  const call = one ? "train_one" : "train";
  const how = one
    ? `max_updates=${data.limits.updates}`
    : `epochs=${values.epochs}, shuffle=${values.order === "shuffled" ? "True" : "False"}`;
  const own = noise !== 0 || edits.some(([scheme]) => scheme === shown);
  const last = own ? "parameters=start" : `bias=${pythonNumber(values.bias)}`;
  const first = one ? `${values.number}, scheme` : "scheme";
  const about = `learning_rate=${pythonNumber(values.rate)}, seed=${seed}, layer_sizes=${sizes}, activation="${activation}"`;
  return [
    ...scriptHead(values, call, own),
    ...(own ? scriptStart(values, sizes) : []),
    `run = ${call}(${first}, ${about}, ${how}, task=task, ${last})`,
    "print(run)",
    "",
  ].join("\n");
}

function scriptHead({ shown, task, table, bits, gain, noise }, call, own) {
  const reader = task === "own" ? "task_from_csv" : "make_task";
  const names = [...(own ? ["Network"] : []), ...["get_initializer", reader, call].sort()];
  return [
    ...(noise === 0 ? [] : ["import numpy as np"]),
    `from letkeman_viz import ${names.join(", ")}`,
    "",
    `scheme = get_initializer("${shown}"${shown === "scaled" ? `, gain=${pythonNumber(gain)}` : ""})`,
    `task = ${task === "own" ? `task_from_csv(${JSON.stringify(table)})` : `make_task("${task}", ${bits})`}`,
  ];
}

/** Lines that make the parameters before training, with noise and the changes by hand. */
function scriptStart({ shown, seed, activation, bias, noise, edits }, sizes) {
  const lines = [
    `network = Network(${sizes}, "${activation}")`,
    `start = network.initial(scheme, seed=${seed}, bias=${pythonNumber(bias)})`,
  ];
  if (noise !== 0)
    lines.push(`start += ${pythonNumber(noise)} * np.random.default_rng([${seed}, 2]).uniform(-1, 1, start.size)`);
  lines.push("layers = network.layers(start)  # views: changing them changes start");
  for (const [scheme, [layer, ...place], value] of edits) {
    if (scheme !== shown) continue;
    if (layer === undefined) lines.push(`for weights, _ in layers:\n    weights[...] = ${pythonNumber(value)}`);
    else lines.push(`layers[${layer - 1}][${place.length === 2 ? 0 : 1}][${place.join(", ")}] = ${pythonNumber(value)}`);
  }
  return lines;
}

// --- Pictures -------------------------------------------------------------------------------------------------------

const DRAWN = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-family",
  "font-size", "font-weight", "text-anchor",
];

/** A picture of the page as an SVG file that looks the same anywhere: what style sheets say is written into it. */
function asSvg(picture) {
  const copy = picture.cloneNode(true);
  const [before, after] = [picture, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  before.forEach((element, k) => {
    const style = getComputedStyle(element);
    for (const name of DRAWN) after[k].setAttribute(name, style.getPropertyValue(name));
    after[k].removeAttribute("class");
    after[k].removeAttribute("style");
  });
  const { width, height } = picture.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const fill = getComputedStyle(picture).backgroundColor;
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill })) ground.setAttribute(name, value);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

/** The same as PNG, twice as sharp as on the screen. @returns {Promise<Blob>} */
async function asPng(picture) {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([asSvg(picture)], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("this browser makes no PNG"))), "image/png");
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

// --- The animation --------------------------------------------------------------------------------------------------

const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** One HTML file that trains one network and plays it. @param {object} state of an explorable @param {string} code packed */
export function animationHtml(title, state, code) {
  const json = JSON.stringify(state).replaceAll("<", "\\u003c"); // it could end the script
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
body { margin: 0 auto; padding: 16px; max-width: 980px; font: 16px/1.5 system-ui, sans-serif; background: #fff; color: #1b1f24; }
h1 { font-size: 1.3rem; margin: 0 0 8px; }
@media (prefers-color-scheme: dark) { body { background: #111417; color: #e6e9ed; } }
</style>
</head>
<body>
<main><h1>${escaped(title)}</h1></main>
<script type="application/json" id="state">${json}</script>
<script>
(async () => {
  const code = "${code}";
  const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const address = URL.createObjectURL(new Blob([await new Response(plain).text()], { type: "text/javascript" }));
  const { modules } = await import(address);
  const el = document.querySelector("main").appendChild(document.createElement("div"));
  modules.playground.default.show({ state: JSON.parse(document.getElementById("state").textContent), el, code });
})();
</script>
</body>
</html>
`;
}

/**
 * The buttons.
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {import("./playground_settings.js").Data} options.data
 * @param {() => { values: import("./playground_settings.js").Values, run: import("../parts/run.js").Run, picture: SVGSVGElement }} options.now
 * @param {() => string} options.animation the text of that file
 */
export function createFiles(parent, { data, now, animation }) {
  const line = row(parent);
  line.classList.add("lv-pg-files");
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", "Download");
  html("b", { text: "Download" }, line);
  async function save(name, make) {
    try {
      download(name, await make());
      setText(status, `${name} saved`);
    } catch (error) {
      setText(status, `${name} could not be made: ${error.message}`);
    }
  }
  const typed = (text, type) => new Blob([text], { type });
  for (const [label, name, make] of [
    ["Diagram, SVG", () => "network.svg", () => typed(asSvg(now().picture), "image/svg+xml")],
    ["Diagram, PNG", () => "network.png", () => asPng(now().picture)],
    ["Animation, HTML", () => `${now().run.name}.html`, () => typed(animation(), "text/html")],
    ["Recording, CSV", () => `${now().run.name}.csv`, () => typed(recordingCsv(now().run), "text/csv")],
    ["Task, CSV", () => "task.csv", () => typed(taskToCsv(taskOf(now().values, data)), "text/csv")],
    ["Script, Python", () => `${now().run.name}.py`, () => typed(pythonScript(now().values, data), "text/x-python")],
  ])
    button(line, { label, onpress: () => save(name(), make) });
  const status = html("span", { role: "status", class: "lv-pg-quiet" }, line);
}
