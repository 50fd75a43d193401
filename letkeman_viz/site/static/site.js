// Runs first in every page of the site: chooses the colour theme and says what a chapter is waiting for.

// --- Theme -----------------------------------------------------------------------------------------------
// Light or dark as the visitor's system is set, changed when it changes; ?theme=light or ?theme=dark overrules it.
const asked = new URLSearchParams(location.search).get("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** Make the page light or dark, in the way JupyterLab does, so that widgets find what they expect. */
function applyTheme() {
  const dark = asked === "dark" || (asked !== "light" && systemDark.matches);
  document.getElementById("theme-light").media = dark ? "not all" : "all";
  document.getElementById("theme-dark").media = dark ? "all" : "not all";
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  if (document.body) {
    document.body.dataset.jpThemeLight = String(!dark);
    document.body.dataset.jpThemeName = dark ? "JupyterLab Dark" : "JupyterLab Light";
  }
}

applyTheme();
systemDark.addEventListener("change", applyTheme);

/** Do `action` as soon as the body exists, before anything in it is drawn. */
function whenBodyExists(action) {
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    observer.disconnect();
    action();
  }).observe(document.documentElement, { childList: true });
}

whenBodyExists(applyTheme);

/** The bytes at an address of ours; a promise that is refused where they cannot be had. */
window.letkemanFetch = async (address) => {
  const answer = await fetch(address, { priority: "low" });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.arrayBuffer();
};

// --- Waiting ---------------------------------------------------------------------------------------------

/** Say `text` in the status line. */
function say(text) {
  document.getElementById("lk-status").textContent = text;
}

/**
 * Tell JupyterLab's scripts which kernel is ours.
 *
 * They read the first #jupyter-config-data, which was sent before there was a kernel, and what they do not find
 * there in the body's data. The kernel's name is in the second.
 */
function adoptKernel() {
  const [, config] = document.querySelectorAll("#jupyter-config-data");
  document.body.dataset.kernelId = JSON.parse(config.textContent).kernelId;
}

// Voila's page calls these: before each cell, when one takes long, and after the last.
window.voila_process = (cell, count) => {
  if (!document.body.dataset.kernelId) adoptKernel();
  say(`Preparing this page: part ${cell} of ${count}…`);
};
window.voila_heartbeat = () => say("Still working: Python is loading its libraries…");
window.voila_finish = () => {
  say("Drawing…");
  hideStatusWhenDrawn();
};

// Our server calls this where it cannot finish the page.
window.letkemanFailed = () => say("Python could not be started for this page. Reload it to try again.");

/** Whether every cell's output has been handed to a renderer, and every widget has replaced its placeholder. */
function isDrawn() {
  if (document.querySelector('script[type="application/vnd.voila.cell-output+json"]')) return false;
  const outputs = document.querySelectorAll(".jp-OutputArea-output");
  return [...outputs].every((output) => output.textContent !== "Loading widget...");
}

/** Take the status line away when the page is drawn. */
function hideStatusWhenDrawn() {
  const patience = performance.now() + 60_000;
  const timer = setInterval(() => {
    if (!isDrawn()) {
      if (performance.now() < patience) return;
      clearInterval(timer);
      say("A part of this page could not be drawn. Reload it to try again.");
      return;
    }
    clearInterval(timer);
    document.getElementById("lk-status").hidden = true;
    document.body.dataset.drawn = "true";
  }, 100);
}

// --- Reading without a mouse -----------------------------------------------------------------------------

/** A formula, a table or code wider than the page scrolls by itself: the keyboard must be able to get there. */
function letScrollersBeReached(main) {
  for (const wide of main.querySelectorAll(".jp-MarkdownOutput :is(pre, table, mjx-container[display=true])")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
}

addEventListener("DOMContentLoaded", () => {
  const main = document.querySelector("main");
  // The size of the page changes whenever a formula is set or the window is.
  new ResizeObserver(() => letScrollersBeReached(main)).observe(main);
});
