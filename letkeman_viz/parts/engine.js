/** The page's engine, and a queue in which the newest wish wins. */
import { createEngine } from "../engine/engine.js";
import wasm from "../engine/engine.wasm";

const ENGINE = Symbol.for("letkeman_viz.engine"); // every bundle is a module of its own; the engine is the page's

/** The one engine of the page. */
export function engine() {
  globalThis[ENGINE] ??= new Map();
  const key = wasm.slice(-64) + wasm.length;
  if (!globalThis[ENGINE].has(key)) {
    const bytes = Uint8Array.from(atob(wasm), (letter) => letter.charCodeAt(0));
    globalThis[ENGINE].set(key, createEngine(bytes));
  }
  return globalThis[ENGINE].get(key);
}

/**
 * A function that starts `work(argument, signal)` and drops what came before it: the newest wins. So that a slider
 * which is dragged shows something, work that is nearly always done in time (`patience` ms) is let finish; of the
 * wishes that come meanwhile only the last is kept.
 *
 * @template A
 * @param {(argument: A, signal: AbortSignal) => Promise<void>} work shows its result itself
 * @param {(error: Error) => void} fail called with what went wrong, never for work that was dropped
 * @param {AbortSignal} signal ends all
 * @returns {(argument: A) => Promise<void>} resolved when nothing is left to do
 */
export function latest(work, fail, signal, patience = 400) {
  let running = null; // {abort, since, done}
  let next = null; // the last wish
  signal.addEventListener("abort", () => running?.controller.abort());

  async function run() {
    while (next && !signal.aborted) {
      const { argument } = next;
      next = null;
      const controller = new AbortController();
      running = { controller, since: performance.now() };
      try {
        await work(argument, controller.signal);
      } catch (error) {
        if (!controller.signal.aborted && !signal.aborted) fail(error);
      }
    }
    running = null;
  }

  let idle = Promise.resolve();
  return (argument) => {
    next = { argument };
    if (!running) idle = run();
    else if (performance.now() - running.since > patience) running.controller.abort();
    else {
      const { controller, since } = running;
      setTimeout(() => next && running?.controller === controller && controller.abort(), patience - (performance.now() - since));
    }
    return idle;
  };
}
