/**
 * Presenting: one explorable of the page on a full-screen stage, in large type, driven by a few keys.
 *
 * The explorable stays where it is in the document. As a popover it is drawn above everything, whatever its
 * ancestors do (a transform or `contain` of theirs would catch `position: fixed`), and the rest is inert.
 *
 * What it asks of an explorable is a few classes: `lkv-explorable` on its root; on the buttons of its player
 * `lkv-reset`, `lkv-back`, `lkv-play` (its label is "Pause" while it plays), `lkv-forward`, and `lkv-where` on the text
 * that says where it stands; `lkv-schemes` around what the keys 1 to 9 choose. What is `lkv-minor` is hidden on the
 * stage. On the stage the root has the class `lkv-on-stage`; when it leaves, `document` has an event `lkv:leave-stage`.
 */
import { html } from "../parts/dom.js";
import { followTheme } from "../parts/theme.js";

/** What the keys do, for the help. */
export const KEYS = [
  [["Space"], "play or pause"],
  [["←", "→"], "one step back or forward"],
  [["Home"], "back to the start"],
  [["1", "2", "3"], "and so on: the first scheme, the second, the third"],
  [["Page Down", "Page Up"], "the next explorable, or the one before"],
  [["?"], "these keys"],
  [["Esc"], "leave"],
];

const CANVAS = { width: 960, height: 560 }; // the stage is this large at least, and magnified to fill the screen
const SHRINK = 0.7; // how far it may be magnified less where an explorable would not fit
const BUTTONS = { " ": ".lkv-play", ArrowLeft: ".lkv-back", ArrowRight: ".lkv-forward", Home: ".lkv-reset" };
const TYPED_INTO = "textarea, select, input:not([type=range], [type=checkbox], [type=radio])";

/** What has a use of its own for Escape: a pin in a diagram, a network in full in the race, an open (i). */
const KEEPS_ESCAPE = ".lv-focused, .lv-one-full, .lv-info:has([aria-expanded=true])";

/** Whether keys pressed in an element write or choose something there. */
export const isTypedInto = (element) => element instanceof HTMLElement && (element.matches(TYPED_INTO) || element.isContentEditable);

const scale = () => Math.min(Math.max(Math.min(innerWidth / CANVAS.width, innerHeight / CANVAS.height), 1), 4);

/** The nearest heading before an element. */
function titleOf(element, home) {
  const before = [...home.querySelectorAll("h1, h2, h3")].filter(
    (h) => h.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING && !element.contains(h),
  );
  return (before.at(-1)?.textContent ?? document.title).replace("¶", "").trim();
}

/** The explorables of the page, in its order, one inside another counted once. */
function explorables(home) {
  const all = [...home.querySelectorAll(".lkv-explorable")];
  return all.filter((e) => e.getClientRects().length && !e.parentElement.closest(".lkv-explorable"));
}

/** The one nearest the middle of the screen. */
function nearest(all) {
  const middle = innerHeight / 2;
  const distance = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return Math.max(top - middle, middle - bottom, 0);
  };
  return all.reduce((best, e) => (!best || distance(e) < distance(best) ? e : best), null);
}

/** Make everything inert that is not `element`, inside it or around it. */
function isolate(element, undo) {
  for (let node = element; node.parentElement && node !== document.body; node = node.parentElement)
    for (const other of node.parentElement.children) {
      if (other === node || other.inert) continue;
      other.inert = true;
      undo.push(() => (other.inert = false));
    }
}

/** Set an attribute until `undo`. */
function lend(element, name, value, undo) {
  const before = element.getAttribute(name);
  element.setAttribute(name, value);
  undo.push(() => (before === null ? element.removeAttribute(name) : element.setAttribute(name, before)));
}

/** Have the colours of `theme.css` in an element until `undo`. */
function lendTheme(element, undo) {
  if (element.classList.contains("lv")) return;
  const scope = new AbortController();
  element.classList.add("lv");
  followTheme(element, scope.signal);
  undo.push(() => {
    scope.abort();
    element.classList.remove("lv");
    for (const name of ["data-theme", "data-palette"]) element.removeAttribute(name);
  });
}

/** Where the page is scrolled to, so that it can be put back. */
function scrollOf(element) {
  const places = [];
  for (let node = element; node; node = node.parentElement) places.push([node, node.scrollTop, node.scrollLeft]);
  return () => places.forEach(([node, top, left]) => node.scrollTo({ top, left, behavior: "instant" }));
}

/** The line at the top of the stage. */
function header(stage, { title, place, press }) {
  const bar = html("div", { class: "lkv-stage-bar" });
  stage.prepend(bar);
  html("h1", { text: title }, bar); // all other headings are inert now
  html("span", { text: place }, bar);
  const status = html("span", { class: "lkv-stage-status", role: "status" }, bar);
  for (const [name, key, label] of [["‹", "PageUp", "Explorable before"], ["›", "PageDown", "Next explorable"], ["?", "?", "Keys"], ["Leave", "Escape", "Leave (Escape)"]]) {
    const button = html("button", { type: "button", class: "lkv-tool", text: name, "aria-label": label, title: label }, bar);
    button.addEventListener("click", () => press(key));
  }
  return { bar, status };
}

const isPlaying = (stage) => stage.querySelector(".lkv-play")?.getAttribute("aria-label") === "Pause";

/**
 * @param {HTMLElement} home where the explorables are @param {() => void} showKeys
 * @returns `enter()`, false where there is nothing to show; `leave()`; `announce(text)`, false where nothing is on stage
 */
export function presenter(home, showKeys) {
  let stage = null;
  let head = null;
  let undo = []; // what gives the explorable back to the page
  let finish = []; // what ends the presentation
  let tabbed = false; // the focus was moved by the keyboard, and so its keys are meant for where it is

  function clear() {
    if (!stage) return;
    document.dispatchEvent(new CustomEvent("lkv:leave-stage", { detail: stage }));
    if (isPlaying(stage)) stage.querySelector(".lkv-play").click();
    undo.reverse().forEach((step) => step());
    undo = [];
  }
  function put(element) {
    clear();
    stage = element;
    const all = explorables(home);
    const parent = stage.parentElement;
    parent.style.minHeight = `${parent.offsetHeight}px`; // the page behind keeps its height
    lendTheme(stage, undo);
    stage.classList.add("lkv-on-stage");
    undo.push(() => {
      parent.style.minHeight = "";
      element.classList.remove("lkv-on-stage");
    });
    const title = titleOf(stage, home);
    for (const [name, value] of [["role", "region"], ["aria-label", `On stage: ${title}`], ["tabindex", "-1"], ["popover", "manual"], ["data-lm-suppress-shortcuts", "true"]])
      lend(stage, name, value, undo);
    head = header(stage, { title, place: `${all.indexOf(stage) + 1} of ${all.length}`, press });
    undo.push(() => head.bar.remove());
    isolate(stage, undo);
    stage.showPopover();
    fit();
    stage.scrollTop = 0;
    stage.focus({ preventScroll: true });
    tabbed = false;
  }
  /** As large as the screen allows; a little smaller if all of it can be seen then. */
  function fit() {
    const magnify = (factor) => document.documentElement.style.setProperty("--lkv-stage-scale", factor.toFixed(3));
    const full = scale();
    const least = Math.max(1, SHRINK * full);
    const fits = () => stage.scrollHeight <= stage.clientHeight;
    let factor = full;
    magnify(factor);
    while (!fits() && factor > least) magnify((factor = Math.max(0.96 * factor, least)));
    if (!fits()) magnify(full); // it has to be scrolled anyway
  }
  function enter() {
    const first = nearest(explorables(home));
    if (!first || stage) return false;
    const { activeElement } = document;
    const scrollBack = scrollOf(first);
    const events = new AbortController();
    const { signal } = events;
    document.documentElement.dataset.lkvPresenting = "";
    addEventListener("resize", fit, { signal });
    addEventListener("keydown", onKey, { signal, capture: true });
    addEventListener("pointerdown", () => (tabbed = false), { signal, capture: true });
    put(first);
    finish = [
      () => events.abort(),
      () => delete document.documentElement.dataset.lkvPresenting,
      () => document.documentElement.style.removeProperty("--lkv-stage-scale"),
      () => activeElement?.focus({ preventScroll: true }),
      () => (stage === first ? scrollBack() : stage.scrollIntoView({ behavior: "instant" })),
    ];
    return true;
  }
  function leave() {
    if (!stage) return;
    clear();
    finish.forEach((step) => step());
    stage = head = null;
  }
  function move(direction) {
    const all = explorables(home);
    const next = all[all.indexOf(stage) + direction];
    if (!next) return announce(direction > 0 ? "This is the last one." : "This is the first one.");
    next.scrollIntoView({ behavior: "instant" });
    return put(next);
  }
  /** @param unseen for those who hear it only: others see it where it stands */
  function announce(text, unseen = false) {
    if (!stage) return false;
    if (unseen && !text && !head.status.classList.contains("lv-unseen")) return true; // keeps what others see there
    head.status.classList.toggle("lv-unseen", unseen);
    head.status.textContent = text;
    return true;
  }
  /** Press a button of the player on the stage. @returns whether it has one */
  function play(selector) {
    const button = stage.querySelector(selector);
    if (!button) return false;
    button.click();
    const where = () => stage?.querySelector(".lkv-where")?.textContent ?? "";
    if (!isPlaying(stage)) return announce(where());
    const stopped = new MutationObserver(() => {
      stopped.disconnect();
      if (head?.status.textContent === "Playing") announce(where());
    });
    stopped.observe(stage.querySelector(".lkv-play"), { attributeFilter: ["aria-label"] });
    undo.push(() => stopped.disconnect());
    return announce("Playing");
  }
  function choose(number) {
    const all = [...stage.querySelectorAll(".lkv-schemes :is(button, input, option)")];
    const schemes = all.filter((each) => each.matches("option") || each.getClientRects().length); // as they are numbered
    const one = schemes[number - 1];
    if (!one) return false;
    const name = (one.closest("label") ?? one).textContent.trim();
    if (one.disabled) return announce(`${name} stays as it is`);
    if (one.matches("option")) {
      one.selected = true;
      one.closest("select").dispatchEvent(new Event("change", { bubbles: true }));
    } else one.click();
    return announce(one.checked === false ? `Without ${name}` : name);
  }
  /** @returns whether the key was ours */
  function press(key) {
    if (key === "Escape") leave();
    else if (key === "?") showKeys();
    else if (key === "PageDown" || key === "PageUp") move(key === "PageDown" ? 1 : -1);
    else if (key in BUTTONS) return play(BUTTONS[key]);
    else if (/^[1-9]$/.test(key)) return choose(Number(key));
    else return false;
    return true;
  }
  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's
    if (event.key === "Tab") tabbed = true;
    const { target, key } = event;
    if (!stage.contains(target) && target !== document.body) return; // the dialog with the keys
    if (key === "Escape" && target.closest(KEEPS_ESCAPE)) return; // it first closes or lets go of something there
    if (key !== "Escape" && isTypedInto(target)) return;
    if (key !== "Escape" && key !== "?" && tabbed && hasUseFor(target, key)) return;
    if (!(key === "?" && event.repeat) && !press(key)) return; // held down, the keys would come and go
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  return { enter, leave, announce };
}

/** Whether a control that was reached by the keyboard has a use of its own for a key. */
function hasUseFor(target, key) {
  if (target.matches("[role=radio], [role=tab]")) return /^(Arrow|Home| )/.test(key);
  if (target.matches("button, summary, input[type=checkbox], a")) return key === " ";
  if (target.matches("[role=application], [role=grid], [role=slider]")) return /^(Arrow|Page|Home| )/.test(key);
  return target.matches("input") && /^(Arrow|Home|Page| )/.test(key);
}
