/** A run that was recorded in Python. */
import { html } from "../parts/dom.js";
import { explorable } from "../parts/host.js";
import { Run } from "../parts/run.js";
import { networkPicture, STYLES as PICTURE } from "./network_picture.js";
import { playRun, STYLES } from "./single_network.js";

/**
 * The run in a buffer, as `recording_view.py` lays it out.
 * @param {[any[], [string, string, number[]][]]} header @param {DataView} buffer
 */
function unpack([about, arrays], buffer) {
  const [name, label, seed, learningRate, oneExample, ended, sizes, activation] = about;
  const found = {};
  let at = buffer.byteOffset;
  for (const [array, type, shape] of arrays) {
    const count = shape.reduce((product, size) => product * size, 1);
    const Values = type === "|u1" ? Uint8Array : Float64Array;
    const end = at + count * Values.BYTES_PER_ELEMENT;
    found[array] = new Values(buffer.buffer.slice(at, end)); // a copy: it lies at any address in a message
    at = end;
  }
  const row = (values, width, k) => Array.from(values.subarray(k * width, (k + 1) * width));
  const rows = (values, width) => Array.from({ length: values.length / width }, (_, k) => row(values, width, k));
  const table = { inputs: rows(found.inputs, sizes[0]), targets: rows(found.targets, sizes.at(-1)) };
  const { steps, parameters, gradient, loss, correct, presented } = found;
  return new Run(
    { name, label, seed, learningRate, sizes, activation, oneExample, ...table },
    { ended, epochs: loss.length - 1, steps, parameters, gradient, loss, correct, presented },
  );
}

function build(stage) {
  const { root, settings } = stage;
  const run = unpack(settings.get("_data").recording, settings.get("_run"));
  const { label, seed, learningRate, sizes, activation } = run;
  const about = `${label}, seed ${seed}, learning rate ${learningRate}, ${sizes.join("-")} neurons (${activation})`;
  html("p", { class: "lv-about", text: about }, root);
  playRun(stage, networkPicture(stage, run.rows > 1)).load(run, false);
}

export default explorable("recording_view", build, [...STYLES, ...PICTURE]);
