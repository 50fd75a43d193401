// What every view of a race does first: find the runs and the clock, and hear of what changes.
import { throttle } from "./stage.js";

/**
 * Follow the runs and the player of a race.
 *
 * `rebuild(runs, styles)` is called when there are other recordings, `draw(runs, step, last)` after it and
 * for every frame; `last` is the last step on the clock. `exampleOf(k)` is the row that run k shows.
 */
export async function followRace({ model, host, signal }, { rebuild, draw }) {
  const clock = await host.getModel(model.get("player"));
  let sources = [];
  let runs = [];
  let scope = new AbortController(); // ends when others take part
  let ticket = 0;

  const drawNow = () => {
    if (signal.aborted || runs.length === 0) return;
    const steps = clock.get("steps");
    draw(runs, steps[Math.min(clock.get("frame"), steps.length - 1)], steps.at(-1));
  };
  const rebuildNow = () => {
    if (signal.aborted || sources.length === 0) return;
    runs = sources.map((source) => source.current);
    rebuild(runs, runs.map((_, k) => model.get("styles")[k] ?? k + 1));
    drawNow();
  };
  const rebuildSoon = throttle(rebuildNow, 30); // seven recordings come one after another
  async function enlist() {
    const mine = ++ticket;
    const widgets = await Promise.all(model.get("runs").map((address) => host.getWidget(address)));
    const found = widgets.map((widget) => widget.exports);
    await Promise.all(found.map((source) => source.ready));
    if (mine !== ticket || signal.aborted) return;
    scope.abort();
    scope = new AbortController();
    sources = found;
    runs = []; // those of the others; nothing is drawn before the new ones are decoded
    for (const source of sources) source.subscribe({ rebuild: rebuildSoon, draw: rebuildSoon }, scope.signal);
  }
  signal.addEventListener("abort", () => scope.abort());
  model.on("change:runs change:styles", enlist);
  clock.on("change:frame change:steps", drawNow);
  await enlist();
  return { clock, drawNow, rebuildNow, exampleOf: (k) => runs[k].clampRow(sources[k].example) };
}
