// What every view of a run does first: find the run and the clock, draw once, then follow both.

/** An SVG element. @returns {SVGElement} */
export function svg(name, attributes = {}, parent = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

/** An HTML element. @returns {HTMLElement} */
export function html(name, attributes = {}, parent = null) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else element.setAttribute(key, value);
  }
  parent?.append(element);
  return element;
}

/**
 * Begin a view: its class, and no notebook shortcuts while the focus is inside. (JupyterLab would take
 * the arrow keys and Enter for its cells.)
 */
export function begin(el, name) {
  el.classList.add("lkv", name);
  el.dataset.lmSuppressShortcuts = "true";
}

/** Write text only where it changes: a browser lays out again even for the same text. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A function that calls `act` soon, but never twice within `pause` ms; the last call is never lost. */
export function throttle(act, pause) {
  let allowed = 0;
  let waiting = null;
  return () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      allowed = performance.now() + pause;
      act();
    }, Math.max(allowed - performance.now(), 0));
  };
}

/**
 * Follow the run and the player of a widget, and another run when the widget is given one.
 *
 * `rebuild(run, row)` is called when there is another recording or another width, `draw(run, frame, row)`
 * after it and for every frame. `row` is the row of the table that is shown, the run's `example`.
 */
export async function follow({ model, el, host, signal }, { rebuild, draw }) {
  const clock = await host.getModel(model.get("player"));
  let source = null;
  let scope = null; // ends when another run takes over
  const drawNow = () => {
    const run = source.current;
    const steps = clock.get("steps"); // of the longest run on this clock: ours may have other frames, or fewer
    const step = steps[Math.min(clock.get("frame"), steps.length - 1)];
    draw(run, run.frameAt(step), run.clampRow(source.example));
  };
  const rebuildNow = () => {
    rebuild(source.current, source.current.clampRow(source.example));
    drawNow();
  };
  async function attach() {
    scope?.abort();
    const mine = (scope = new AbortController());
    const next = (await host.getWidget(model.get("run"))).exports;
    await next.ready;
    if (mine.signal.aborted) return; // removed, or another run came, while we waited
    source = next;
    source.subscribe({ rebuild: rebuildNow, draw: drawNow }, mine.signal);
    // Only once this is on the screen: computing the run must not hold up the first picture.
    requestAnimationFrame(() => setTimeout(() => next.want(el, signal)));
  }
  signal.addEventListener("abort", () => scope?.abort());
  await attach();
  if (signal.aborted) return {};
  model.on("change:run", attach);
  clock.on("change:frame", drawNow);
  let width = el.clientWidth;
  const observer = new ResizeObserver(() => {
    if (el.clientWidth === width || el.clientWidth === 0) return;
    width = el.clientWidth;
    rebuildNow();
  });
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
  return { drawNow, clock, choose: (row) => source.choose(row) };
}
