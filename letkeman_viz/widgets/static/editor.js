// Editor: the value before training of the weight or bias that is pinned in the diagram.
import { placeOf } from "./describe.js";
import { formatNumber } from "./format.js";
import { partOf } from "./geometry.js";
import { layersOf } from "./recording.js";
import { begin, follow, html, setText, throttle } from "./stage.js";

const TELL_KERNEL_EVERY = 33; // ms
const NOTHING = "Press a line or a neuron of the network to change its weight or bias here.";

/** The weight or bias of a part of the network at a frame; undefined where the network has none. */
export function valueAt(run, frame, [layer, a, b]) {
  const { weights, biases, fanOut } = layersOf(run.parameters(frame), run.sizes)[layer - 1] ?? {};
  if (!weights) return undefined;
  return b === undefined ? biases[a] : b < fanOut ? weights[a * fanOut + b] : undefined;
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-editor");
    const hint = html("p", { text: NOTHING }, el);
    const controls = html("div", { class: "lkv-edit" }, el);
    const name = html("b", {}, controls);
    const range = html("input", { type: "range", min: -3, max: 3, step: 0.01 }, controls);
    const number = html("input", { type: "number", min: -10, max: 10, step: 0.1 }, controls);
    const now = html("span", { class: "lkv-quiet" }, controls);
    const diagram = await host.getModel(model.get("diagram"));
    if (signal.aborted) return;
    const place = () => diagram.get("pinned");
    const tell = throttle(() => model.save_changes(), TELL_KERNEL_EVERY);

    function change(value) {
      if (!Number.isFinite(value)) return;
      model.set("change", { place: place(), value });
      tell();
    }
    range.addEventListener("input", () => change(Number(range.value)));
    number.addEventListener("change", () => change(number.valueAsNumber));

    function draw(run, frame) {
      const start = valueAt(run, 0, place());
      const wish = model.get("change"); // empty once what came of it is shown
      const value = String(wish.place) === String(place()) ? wish.value : start;
      const found = start !== undefined && partOf(place());
      hint.hidden = Boolean(found);
      controls.hidden = !found;
      if (!found) return;
      const what = placeOf(run, found);
      setText(name, `Before training, ${what}:`);
      for (const input of [range, number]) {
        input.setAttribute("aria-label", `Before training, ${what}`);
        input.disabled = model.get("disabled");
        if (input !== document.activeElement) input.value = String(Number(value.toPrecision(4)));
      }
      setText(now, frame === 0 ? "" : `now ${formatNumber(valueAt(run, frame, place()))}`);
    }
    const view = await follow({ model, el, host, signal }, { rebuild: () => {}, draw });
    if (signal.aborted) return;
    diagram.on("change:pinned", view.drawNow);
    model.on("change:disabled change:change", view.drawNow);
    for (const input of [range, number]) input.addEventListener("blur", view.drawNow); // what was typed may not be what is
  },
};
