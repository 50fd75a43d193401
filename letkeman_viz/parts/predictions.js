/**
 * The answers of a page: all its locked predictions, to be saved and printed. Every bundle is a module of its own, so
 * they lie where all of them find them.
 *
 * @typedef {object} Answered
 * @property {Element} root tells where on the page it stands
 * @property {string} question @property {string} answer @property {string} why @property {string} truth
 * @property {Date | null} time when it was locked in; null if that was in an earlier session
 */
import { download, html } from "./dom.js";

const STYLE = "body { font: 12pt/1.4 system-ui, sans-serif } li { margin: 1em 0; break-inside: avoid } p { margin: 0 }";
const ANSWERS = Symbol.for("letkeman_viz.answers");

/**
 * `open` are the predictions that are not locked, `watchers` hear when one is.
 * @returns {{ locked: Map<Element, Answered>, name: string, listeners: Set<() => void>, open: Set<Element>, watchers: Set<() => void> }}
 */
const registry = () =>
  (globalThis[ANSWERS] ??= { locked: new Map(), name: "", listeners: new Set(), open: new Set(), watchers: new Set() });

/** The class that the page's address names (`?class=7b`), or null. */
export const classOfPage = () => new URLSearchParams(location.search).get("class");

/** Add an answer to the page's, or remove it (null). @param {Element} root @param {Omit<Answered, "root"> | null} answered */
export function record(root, answered) {
  if (answered) registry().locked.set(root, { root, ...answered });
  else registry().locked.delete(root);
}

/** Say whether a prediction of the page still waits for its answer. @param {Element} root */
export function setOpen(root, isOpen) {
  const { open, watchers } = registry();
  if (open.has(root) === isOpen) return;
  if (isOpen) open.add(root);
  else open.delete(root);
  for (const act of watchers) act();
}

/**
 * Keep the charts of an explorable from giving an answer away: what lies ahead of the clock is not drawn while a
 * prediction of the page is open, until the run is first moved.
 * @param {HTMLElement} root @param {AbortSignal} signal @returns {() => void} to be called when it is moved
 */
export function hideAhead(root, signal) {
  const { open, watchers } = registry();
  let wasMoved = false;
  function update() {
    const ahead = !wasMoved && open.size > 0 ? "hidden" : "shown";
    if (root.dataset.ahead === ahead) return;
    root.dataset.ahead = ahead;
    root.dispatchEvent(new CustomEvent("lv:ahead"));
  }
  watchers.add(update);
  signal.addEventListener("abort", () => watchers.delete(update));
  update();
  return () => {
    if (wasMoved) return;
    wasMoved = true;
    update();
  };
}

/** The reader's name, one for the whole page. */
export const readerName = () => registry().name;

/** @param {string} name */
export function setReaderName(name) {
  registry().name = name;
  for (const act of registry().listeners) act();
}

/** Call `act` when another prediction of the page has changed the name. @param {AbortSignal} signal */
export function onReaderName(act, signal) {
  registry().listeners.add(act);
  signal.addEventListener("abort", () => registry().listeners.delete(act));
}

/** In the order of the page. @returns {Answered[]} */
function answers() {
  const top = ({ root }) => root.getBoundingClientRect().top; // hosts with shadow roots have no order of nodes
  return [...registry().locked.values()].filter(({ root }) => root.isConnected).sort((a, b) => top(a) - top(b));
}

const time = (date) => date.toLocaleString("sv-SE"); // Sweden writes 2026-03-01 14:05:09

/** Lines above the answers: what they are of and whose. */
function heading() {
  const name = readerName();
  const group = classOfPage();
  const found = [`My predictions: ${document.title}`];
  if (name) found.push(`Name: ${name}`);
  if (group !== null) found.push(`Class: ${group}`);
  return found;
}

/** @param {Answered} answered @returns {[string, string][]} name and content of each line */
function lines({ question, answer, why, truth, time: when }) {
  return [
    ["Question", question], ["My answer", answer], ["Why", why || "(no reason given)"], ["What happened", truth],
    ["Locked in", when ? time(when) : "in an earlier session"],
  ];
}

/** Save all locked predictions of the page as a text file. */
export function saveAnswers() {
  const blocks = answers().map((one, k) => `${k + 1}. ${lines(one).map(([name, text]) => `${name}: ${text}`).join("\n   ")}`);
  download("my-predictions.txt", `${heading().join("\n")}\n\n${blocks.join("\n\n")}\n`);
}

/** Print all locked predictions of the page, and nothing else of it. */
export function printAnswers() {
  const unseen = { "aria-hidden": "true", tabindex: -1, style: "position: fixed; width: 0; height: 0; border: 0" };
  const sheet = html("iframe", unseen, document.body);
  const { contentDocument: page, contentWindow: view } = sheet;
  page.title = heading()[0];
  html("style", { text: STYLE }, page.head);
  const [title, ...rest] = heading();
  html("h1", { text: title, style: "font-size: 15pt" }, page.body);
  for (const text of rest) html("p", { text }, page.body);
  const list = html("ol", {}, page.body);
  for (const one of answers()) {
    const item = html("li", {}, list);
    for (const [name, text] of lines(one)) {
      const line = html("p", {}, item);
      html("b", { text: `${name}: ` }, line);
      line.append(text);
    }
  }
  view.addEventListener("afterprint", () => setTimeout(() => sheet.remove())); // never while it prints
  view.focus();
  view.print();
}
