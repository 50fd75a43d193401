// Who is where in a race, from the recordings and the step on the clock. No DOM here.
import { formatNumber } from "./format.js";
import { frameAt } from "./steps.js";

/** "1st", "2nd", "3rd", "4th". */
export function ordinal(n) {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}

/**
 * @typedef {object} Standing where one run is
 * @property {number} index of the run @property {number} frame its own, which others need not have
 * @property {number} right rows right @property {number} loss
 * @property {number | null} solvedAt the first step after which all rows were right, once the clock is there
 * @property {boolean} ended whether its weights overflowed before now
 * @property {number} place 1 for the best; equals share a place
 */

/** Negative where `a` is ahead of `b`: the first to have all right; before that, more right, then less loss. */
function ahead(a, b) {
  if (a.solvedAt !== b.solvedAt) return (a.solvedAt ?? Infinity) - (b.solvedAt ?? Infinity);
  if (a.solvedAt !== null) return 0;
  if (a.right !== b.right) return b.right - a.right;
  if (Number.isNaN(a.loss) || Number.isNaN(b.loss)) return Number.isNaN(a.loss) - Number.isNaN(b.loss);
  return a.loss - b.loss;
}

/** Where all `runs` are at `step`, best first. @returns {Standing[]} */
export function standings(runs, step) {
  const now = runs.map((run, index) => {
    const frame = frameAt(run.step, step);
    const solvedAt = run.solved_at !== null && run.solved_at <= step ? run.solved_at : null;
    const ended = run.ended === "diverged" && step >= run.steps;
    return { index, frame, right: run.correctAfter[frame], loss: run.loss[frame], solvedAt, ended };
  });
  now.sort(ahead);
  now.forEach((one, k) => (one.place = k > 0 && ahead(now[k - 1], one) === 0 ? now[k - 1].place : k + 1));
  return now;
}

/** What a panel says of its run: "all 32 right after epoch 389", "not yet", ... */
export function verdict(run, { solvedAt, ended, right, frame }, step, last) {
  const unit = run.one_example ? "update" : "epoch";
  const all = run.rows === 1 ? "right" : `all ${run.rows} right`;
  const lost = right < run.rows && run.step[frame] >= solvedAt; // the frame on show may be an earlier one
  if (solvedAt !== null) return `${all} after ${unit} ${solvedAt}${lost ? ", not now" : ""}`;
  if (ended) return `overflow at ${unit} ${run.steps}: NaN or infinity`;
  return step >= last ? `not in ${last} ${unit}s` : "not yet";
}

/** One sentence on the whole race. */
export function tell(placed, runs, step) {
  const name = (one) => runs[one.index].label;
  const unit = runs[0].one_example ? "update" : "epoch";
  const solved = placed.filter((one) => one.solvedAt !== null);
  const [first, ...others] = placed;
  if (step === 0 && solved.length === 0) return `Before the first ${unit}. All networks see the same examples in the same order.`;
  const all = runs[0].rows === 1 ? "the answer" : `all ${runs[0].rows}`;
  if (solved.length === 0) {
    const equal = others.filter((one) => one.right === first.right).length;
    const lead = equal > 0 ? `${name(first)} and ${equal} more lead` : `${name(first)} leads`;
    return `After ${unit} ${step} ${lead} with ${first.right} of ${runs[0].rows}, loss ${formatNumber(first.loss)}.`;
  }
  const winners = solved.filter((one) => one.place === 1).map(name).join(" and ");
  const count = solved.length === runs.length ? "All" : `${solved.length} of ${runs.length}`;
  return `${count} have had ${all} right. First: ${winners}, after ${unit} ${first.solvedAt}.`;
}
