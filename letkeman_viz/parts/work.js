/** Work that takes seconds: in chunks, so that results are seen as they come, with progress, Stop and Go on. */
import { button } from "./controls.js";
import { html, setText } from "./dom.js";

/**
 * The results of jobs in their order. Two of them are on their way at a time: enough to keep all workers of the engine
 * busy, and few enough that what others ask of it does not wait long.
 *
 * @template T
 * @param {Iterable<Promise<T>>} jobs each begins when it is taken from here
 * @returns {AsyncGenerator<T>}
 */
export async function* inOrder(jobs, ahead = 2) {
  const waiting = [];
  for (const job of jobs) {
    job.catch(() => {}); // where one before it fails, it is not waited for
    waiting.push(job);
    if (waiting.length >= ahead) yield waiting.shift();
  }
  while (waiting.length) yield waiting.shift();
}

/**
 * A line with the progress of some work, and a button that stops it and lets it go on.
 *
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal ends it for good
 * @param {string} options.label of the progress, for screen readers
 * @param {string} options.title of the button
 * @param {string} [options.unit] of what is counted, such as "cells"
 * @param {() => [number, number]} options.progress how much is done, and of how much
 * @param {(signal: AbortSignal) => Promise<void>} options.work does what is not done yet
 * @param {(sentence: string) => void} options.complain shows what went wrong; "" for nothing
 * @returns {{ start: () => void, restart: () => void, draw: () => void, running: boolean }} `start` begins or goes on
 *   unless it has been stopped; `restart` drops what is being done, which the newest settings no longer want
 */
export function createWork(parent, { signal, label, title, unit = "", progress, work, complain }) {
  const element = html("div", { class: "lv-work" }, parent);
  const bar = html("progress", { max: 1, value: 0, "aria-label": label }, element);
  const count = html("span", {}, element);
  const toggle = button(element, { label: "Stop", title, onpress: press });
  let job = null; // AbortController of what is being done
  let stopped = false;

  function draw() {
    const [done, all] = progress();
    bar.max = Math.max(all, 1);
    bar.value = done;
    setText(count, `${done} of ${all}${unit && ` ${unit}`}`);
    toggle.value = stopped ? "Go on" : "Stop";
    toggle.disabled = done >= all;
  }

  function halt() {
    job?.abort();
    job = null;
  }

  function press() {
    stopped = !stopped;
    if (stopped) halt();
    draw();
    start();
  }

  async function start() {
    const [done, all] = progress();
    draw();
    if (job || stopped || done >= all || signal.aborted) return;
    const mine = (job = new AbortController());
    complain("");
    try {
      await work(mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) {
        stopped = true;
        complain(`This could not be worked out: ${error.message}.`);
      }
    }
    if (job !== mine) return; // stopped, or something newer has begun
    job = null;
    start(); // more may have been asked for meanwhile
  }

  function restart() {
    halt();
    stopped = false;
    start();
  }

  signal.addEventListener("abort", halt);
  draw();
  return {
    start,
    restart,
    draw,
    get running() {
      return job !== null;
    },
  };
}
