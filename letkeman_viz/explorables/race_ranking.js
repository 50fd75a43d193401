/** Who is where in a race, from its runs and a step: in order, in words, and as a table. */
import { formatNumber } from "../parts/format.js";
import { html, setText, throttle } from "../parts/dom.js";
import { swatch } from "../parts/schemes.js";

const RANK_EVERY = 250; // ms: the eye can follow rows that change places

/** "1st", "2nd", "3rd", "4th". */
export function ordinal(n) {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}

/**
 * @typedef {object} Standing where one run is
 * @property {number} index of the run
 * @property {number} correct rows correct @property {number} loss
 * @property {number | null} solvedAt the first step after which all rows were correct, once the step is there
 * @property {boolean} diverged whether its weights overflowed before now
 * @property {number} place 1 for the best; equals share a place
 */

/** Negative where `a` is ahead of `b`: the first to have all correct; before that more correct, then less loss. */
function compare(a, b) {
  if (a.solvedAt !== b.solvedAt) return (a.solvedAt ?? Infinity) - (b.solvedAt ?? Infinity);
  if (a.solvedAt !== null) return 0;
  if (a.correct !== b.correct) return b.correct - a.correct;
  if (Number.isNaN(a.loss) || Number.isNaN(b.loss)) return Number.isNaN(a.loss) - Number.isNaN(b.loss);
  return a.loss - b.loss;
}

/** Where all `runs` are at `step`, best first. @returns {Standing[]} */
export function standings(runs, step) {
  const now = runs.map((run, index) => {
    const at = Math.min(step, run.last); // a run that ended early stays as it was
    const solvedAt = run.solvedAt !== null && run.solvedAt <= step ? run.solvedAt : null;
    const diverged = run.ended === "diverged" && step >= run.last;
    return { index, correct: run.correct[at], loss: run.loss[at], solvedAt, diverged };
  });
  now.sort(compare);
  now.forEach((one, k) => (one.place = k > 0 && compare(now[k - 1], one) === 0 ? now[k - 1].place : k + 1));
  return now;
}

/** What a panel says of its run: "1st: all 32 right after epoch 389", "not yet", ... */
export function verdict(run, { place, solvedAt, diverged, correct }, step, last) {
  if (solvedAt !== null) {
    const lost = correct < run.rows;
    return `${ordinal(place)}: all ${lost ? "" : `${run.rows} `}right after epoch ${solvedAt}${lost ? ", not now" : ""}`;
  }
  if (diverged) return `overflow at epoch ${run.last}: NaN or infinity`;
  return step >= last ? `not in ${last} epochs` : "not yet";
}

/** One sentence on the whole race. */
export function summary(placed, runs, step) {
  const name = (one) => runs[one.index].label;
  const [first, ...others] = placed;
  const { rows } = runs[first.index];
  const solved = placed.filter((one) => one.solvedAt !== null);
  if (solved.length > 0) {
    const winners = solved.filter((one) => one.place === 1).map(name).join(" and ");
    const count = solved.length === runs.length ? "All" : `${solved.length} of ${runs.length}`;
    return `${count} have had all ${rows} right. First: ${winners}, after epoch ${first.solvedAt}.`;
  }
  if (step === 0) return "Before the first epoch. All networks see the same examples in the same order.";
  const equal = others.filter((one) => one.correct === first.correct).length;
  const lead = equal > 0 ? `${name(first)} and ${equal} more lead` : `${name(first)} leads`;
  return `After epoch ${step} ${lead} with ${first.correct} of ${rows}, loss ${formatNumber(first.loss)}.`;
}

function buildRow(body, label, style) {
  const line = html("tr", {}, body);
  const place = html("td", {}, line);
  const scheme = html("th", { scope: "row" }, line);
  swatch(scheme, style);
  html("span", { text: label }, scheme);
  return [place, ...[1, 2, 3].map(() => html("td", {}, line))];
}

/** The standings as a table. `draw(runs, styles, placed, step, last)` may be called at every frame. */
export function createRanking(parent, { signal }) {
  const element = html("div", { class: "lv-ranking" }, parent);
  const table = html("table", {}, element);
  const caption = html("caption", {}, table);
  const head = html("tr", {}, html("thead", {}, table));
  for (const text of ["place", "scheme", "all right after", "right now", "loss"]) html("th", { scope: "col", text }, head);
  const body = html("tbody", {}, table);
  let order = "";
  let cells = [];
  let now = null;
  const write = throttle(() => {
    if (signal.aborted) return;
    const [runs, styles, placed, step, last] = now;
    const names = JSON.stringify(placed.map(({ index }) => [styles[index], runs[index].label]));
    if (order !== names) {
      order = names;
      body.replaceChildren();
      cells = placed.map(({ index }) => buildRow(body, runs[index].label, styles[index]));
    }
    setText(caption, `Ranking after epoch ${step}`);
    placed.forEach((one, k) => {
      const never = step >= last || one.diverged ? "not reached" : "not yet";
      const solved = one.solvedAt === null ? never : `epoch ${one.solvedAt}`;
      const texts = [ordinal(one.place), solved, `${one.correct}/${runs[one.index].rows}`, formatNumber(one.loss)];
      texts.forEach((text, c) => setText(cells[k][c], text));
    });
  }, RANK_EVERY);
  return {
    element,
    draw(...at) {
      now = at;
      write();
    },
  };
}
