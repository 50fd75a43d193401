// Presenting: one explorable of the page on a full-screen stage, in large type, driven by a few keys.
//
// The explorable stays where it is in the document. As a popover it is drawn above everything, whatever its
// ancestors do (a transform or `contain` of theirs would catch `position: fixed`), and the rest is inert.
import { html } from "./stage.js";

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
const BUTTONS = { " ": ".lkv-play", ArrowLeft: ".lkv-back", ArrowRight: ".lkv-forward", Home: ".lkv-reset" };
const TYPED_INTO = "textarea, select, [contenteditable=true], input:not([type=range], [type=checkbox], [type=radio])";

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
  const far = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return Math.max(top - middle, middle - bottom, 0);
  };
  return all.reduce((best, e) => (!best || far(e) < far(best) ? e : best), null);
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

/** Set or remove an attribute until `undo`. */
function lend(element, name, value, undo) {
  const before = element.getAttribute(name);
  element.setAttribute(name, value);
  undo.push(() => (before === null ? element.removeAttribute(name) : element.setAttribute(name, before)));
}

/** Where the page is scrolled to, so that it can be put back. */
function scrollOf(element) {
  const places = [];
  for (let node = element; node; node = node.parentElement) places.push([node, node.scrollTop, node.scrollLeft]);
  return () => places.forEach(([node, top, left]) => node.scrollTo({ top, left, behavior: "instant" }));
}

/** The line at the top of the stage. */
function header(stage, { title, place, press }) {
  const bar = html("div", { class: "lkv lkv-stage-bar" }, stage);
  html("h1", { text: title }, bar); // all other headings are inert now
  html("span", { text: place }, bar);
  const said = html("span", { class: "lkv-stage-said", role: "status" }, bar);
  for (const [name, key, label] of [["‹", "PageUp", "Explorable before"], ["›", "PageDown", "Next explorable"], ["?", "?", "Keys"], ["Leave", "Escape", "Leave (Escape)"]]) {
    const button = html("button", { type: "button", class: "lkv-tool", text: name, "aria-label": label, title: label }, bar);
    button.addEventListener("click", () => press(key));
  }
  return { bar, said };
}

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
    undo.reverse().forEach((step) => step());
    undo = [];
  }
  function put(element) {
    clear();
    stage = element;
    const all = explorables(home);
    const parent = stage.parentElement;
    parent.style.minHeight = `${parent.offsetHeight}px`; // the page behind keeps its height
    stage.classList.add("lkv", "lkv-on-stage");
    undo.push(() => {
      parent.style.minHeight = "";
      element.classList.remove("lkv", "lkv-on-stage");
    });
    const title = titleOf(stage, home);
    for (const [name, value] of [["role", "region"], ["aria-label", `On stage: ${title}`], ["tabindex", "-1"], ["popover", "manual"], ["data-lm-suppress-shortcuts", "true"]])
      lend(stage, name, value, undo);
    head = header(stage, { title, place: `${all.indexOf(stage) + 1} of ${all.length}`, press });
    undo.push(() => head.bar.remove());
    isolate(stage, undo);
    stage.showPopover();
    stage.scrollTop = 0;
    stage.focus({ preventScroll: true });
    tabbed = false;
  }
  function fit() {
    document.documentElement.style.setProperty("--lkv-stage-scale", scale().toFixed(3));
  }
  function enter() {
    const first = nearest(explorables(home));
    if (!first || stage) return false;
    const { activeElement } = document;
    const scrollBack = scrollOf(first);
    const events = new AbortController();
    const { signal } = events;
    document.documentElement.dataset.lkvPresenting = "";
    fit();
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
    if (unseen && !text && !head.said.classList.contains("lkv-unseen")) return true; // what is seen is not for it to take away
    head.said.classList.toggle("lkv-unseen", unseen);
    head.said.textContent = text;
    return true;
  }
  /** Press a button of the player on the stage. @returns whether it has one */
  function play(selector) {
    const button = stage.querySelector(selector);
    if (!button) return false;
    button.click();
    const where = stage.querySelector(".lkv-where")?.textContent ?? "";
    const playing = stage.querySelector(".lkv-play")?.getAttribute("aria-label") === "Pause";
    announce(playing ? "Playing" : where);
    if (playing) {
      const stopped = new MutationObserver(() => {
        stopped.disconnect();
        if (head?.said.textContent === "Playing") announce(stage.querySelector(".lkv-where")?.textContent ?? "");
      });
      stopped.observe(stage.querySelector(".lkv-play"), { attributeFilter: ["aria-label"] });
      undo.push(() => stopped.disconnect());
    }
    return true;
  }
  function choose(number) {
    const all = [...stage.querySelectorAll(".lkv-schemes :is(button, input, option)")];
    const schemes = all.filter((each) => each.matches("option") || each.getClientRects().length); // as they are numbered
    const one = (schemes.length ? schemes : stage.querySelectorAll(".lkv-lane-name"))[number - 1]; // a race has panels
    if (!one) return false;
    const name = (one.closest("label") ?? one).textContent.trim();
    if (one.disabled) return announce(`${name} stays as it is`);
    if (one.matches("option")) {
      one.selected = true;
      one.closest("select").dispatchEvent(new Event("change", { bubbles: true }));
    } else one.click();
    announce(one.checked === false ? `Without ${name}` : name);
    return true;
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
    if (key === "?" && event.repeat) return; // held down, it would come and go
    if (!stage.contains(target) && target !== document.body) return; // the dialog with the keys
    if (key === "Escape" && target.closest(".lkv-focused")) return; // first lets go of what is pinned in a diagram
    if (key !== "Escape" && target.matches(TYPED_INTO)) return;
    if (key !== "Escape" && key !== "?" && tabbed && meansIt(target, key)) return;
    if (!press(key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  return { enter, leave, announce };
}

/** Whether a control that was reached by the keyboard has a use of its own for a key. */
function meansIt(target, key) {
  if (target.matches("button, summary, input[type=checkbox], a")) return key === " ";
  if (target.matches("[role=application], [role=grid]")) return /^(Arrow|Page|Home| )/.test(key);
  return target.matches("input") && /^(Arrow|Home|Page| )/.test(key);
}
