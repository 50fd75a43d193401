/** Small helpers around the document. */

/** An HTML element; the attribute `text` is its text. @returns {HTMLElement} */
export function html(name, attributes = {}, parent = null) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  parent?.append(element);
  return element;
}

/** An SVG element. @returns {SVGElement} */
export function svg(name, attributes = {}, parent = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

/** Write text only where it changes: a browser lays out again even for the same text. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute only where it changes. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
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

/** A function that calls `act` once before the next frame of the page, however often it is called. */
export function onFrame(act, signal) {
  let waiting = 0;
  signal?.addEventListener("abort", () => cancelAnimationFrame(waiting));
  return () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      if (!signal?.aborted) act();
    });
  };
}

/** Call `act` once the reader is less than a screen away from `el`, or when the page is about to be printed. */
export function whenNear(el, act, signal) {
  const done = new AbortController();
  const now = () => {
    if (done.signal.aborted) return;
    done.abort();
    act();
  };
  const near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && now(), {
    rootMargin: "100%",
  });
  near.observe(el);
  done.signal.addEventListener("abort", () => near.disconnect());
  signal.addEventListener("abort", () => done.abort());
  for (const all of ["lkv:want", "beforeprint"]) addEventListener(all, now, { signal: done.signal });
}

/** Call `act(width, height)` whenever the size of `el` changes to something that can be seen. */
export function onResize(el, act, signal) {
  const observer = new ResizeObserver(() => el.clientWidth > 0 && act(el.clientWidth, el.clientHeight));
  observer.observe(el);
  signal.addEventListener("abort", () => observer.disconnect());
}

/** The context of a canvas in CSS pixels: as sharp as the screen, on a magnified stage as well. */
export function sharpContext(canvas, width = canvas.clientWidth, height = canvas.clientHeight) {
  const magnified = canvas.getBoundingClientRect().width / canvas.offsetWidth || 1;
  const ratio = (globalThis.devicePixelRatio || 1) * magnified;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** Save a file that the page has made. @param {string | Blob} content */
export function download(name, content, type = "text/plain") {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  html("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
