// What the widgets of the chapters that ask a kernel share.

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
