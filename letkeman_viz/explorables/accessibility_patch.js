/**
 * Accessibility of ipywidgets' own controls, added from outside: its buttons do not say which of a group is pressed,
 * nor what the group is called, and a line of HTML does not announce that it has changed.
 */

const REST = 800; // ms without change, after which a line is read out

/** A group of ToggleButtons: named, and each button pressed or not. */
function patchGroup(group, signal) {
  group.setAttribute("role", "group");
  const name = group.querySelector(".widget-label");
  if (name) group.setAttribute("aria-label", name.textContent);
  const draw = () => {
    for (const button of group.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
  };
  const observer = new MutationObserver(draw);
  observer.observe(group, { subtree: true, childList: true, attributeFilter: ["class"] });
  signal.addEventListener("abort", () => observer.disconnect());
  draw();
}

/**
 * Patch what is in `home` and what comes into it, until `signal` aborts.
 *
 * @param {HTMLElement} home @param {(text: string) => void} announce @param {AbortSignal} signal
 */
export function patchAccessibility(home, announce, signal) {
  let resting = null;
  function patchAll() {
    for (const group of home.querySelectorAll(".widget-toggle-buttons:not([role])")) patchGroup(group, signal);
  }
  const observer = new MutationObserver((changes) => {
    let arrived = false;
    for (const { target, addedNodes } of changes) {
      if (!(target instanceof HTMLElement)) continue; // SVG pictures change at every frame
      arrived ||= [...addedNodes].some((node) => node instanceof HTMLElement);
      if (!target.matches(".lkv-explorable .widget-html-content")) continue;
      clearTimeout(resting);
      resting = setTimeout(() => announce(target.textContent.trim()), REST);
    }
    if (arrived) patchAll();
  });
  observer.observe(home, { subtree: true, childList: true });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(resting);
  });
  patchAll();
}
