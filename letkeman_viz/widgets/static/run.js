// Run: unpacks a recording once, for every widget of the page that shows it.
import { gunzip } from "./gunzip.js";
import { decode } from "./recording.js";
import { want } from "./stage.js";

export default {
  async initialize({ model }) {
    const listeners = new Set();
    let run = null;
    let newest = 0;
    async function load() {
      const ticket = ++newest;
      const { header, data } = model.get("_wire");
      const unpacked = decode(header, await gunzip(data));
      if (ticket !== newest) return; // a newer recording came while this one was unpacked
      run = unpacked;
      for (const listener of listeners) listener(run);
    }
    model.on("change:_wire", load);
    await load();
    return {
      /** The recording, decoded. */
      get current() {
        return run;
      },
      /** Call `listener(run)` now and whenever another recording takes its place. */
      subscribe(listener, signal) {
        listeners.add(listener);
        signal?.addEventListener("abort", () => listeners.delete(listener));
        listener(run);
      },
      /** Tell Python that a page shows this run, so that it is worth computing. */
      want: () => want(model),
    };
  },
};
