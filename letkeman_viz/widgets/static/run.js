// Run: unpacks a recording once, for every widget of the page that shows it.
import { gunzip } from "./gunzip.js";
import { decode } from "./recording.js";
import { want } from "./want.js";

/** The buffer of a recording that `planes` (run.py) has brought into another order. */
function inOrder({ fields }, packed) {
  const bytes = new Uint8Array(packed);
  const count = bytes.length / 4;
  const words = new Uint32Array(count);
  for (let i = 0; i < bytes.length; i++) words[i % count] |= bytes[i] << (8 * Math.floor(i / count));
  let at = 0;
  for (const shape of Object.values(fields)) {
    const size = shape.reduce((product, length) => product * length, 1);
    for (let i = at + size / shape[0]; i < at + size; i++) words[i] ^= words[i - size / shape[0]];
    at += size;
  }
  return words.buffer;
}

export default {
  initialize({ model }) {
    const listeners = new Set();
    let run = null;
    let newest = 0;
    let arrived;
    const ready = new Promise((resolve) => (arrived = resolve));
    async function load() {
      const ticket = ++newest;
      const { header, data, compressed } = model.get("_wire");
      const raw = () => data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      const unpacked = decode(header, compressed ? inOrder(header, await gunzip(data)) : raw());
      if (ticket !== newest) return; // a newer recording came while this one was unpacked
      run = unpacked;
      arrived();
      listeners.forEach((listener) => listener.rebuild());
    }
    model.on("change:_wire", load);
    model.on("change:example", () => listeners.forEach((listener) => listener.draw()));
    load();
    return {
      /** Resolved once there is a recording to show. Not awaited here: initialize has two seconds at most. */
      ready,
      /** The recording, decoded. */
      get current() {
        return run;
      },
      /** The row of the table that is shown. */
      get example() {
        return model.get("example");
      },
      choose(row) {
        model.set("example", row);
        model.save_changes();
      },
      /** Call `rebuild()` now and for every other recording, `draw()` when another row is chosen. */
      subscribe(listener, signal) {
        listeners.add(listener);
        signal.addEventListener("abort", () => listeners.delete(listener));
        listener.rebuild();
      },
      /** Tell Python that a page shows this run in `el`, so that it is worth computing. */
      want: (el, signal) => want(model, el, signal),
    };
  },
};
