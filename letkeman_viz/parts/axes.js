/** Axes of charts: where a value lies, and which values get a tick. */
import { formatNumber } from "./format.js";

export const ZERO_SLOT = 20; // px below a logarithmic axis for exact zeros
export const TICK = 23; // px from one tick of an upright axis to the next
export const FRAME = { left: 8, top: 8, bottom: 20 }; // px around what is drawn, the same in charts beside each other
const FACTORS = [1, 2, 5, 10];

/** A value as an axis has it: 1.0·10⁻⁴ is 10⁻⁴ there. */
export function tickText(value) {
  return formatNumber(value).replace(/\.0·/, "·").replace(/^(−?)1·10/, "$110");
}

/**
 * @typedef {object} Axis
 * @property {(value: number) => number} place px; NaN where there is none (a value that is no finite number)
 * @property {(place: number) => number} value
 * @property {{ at: number, text: string }[]} ticks none nearer to another than `gap`
 */

/**
 * A linear axis between two places in px.
 * @param {[number, number]} range @param {number} from px of the lower end @param {number} to px of the upper end
 * @param {number} gap px between two ticks at least
 * @param {{ whole?: boolean, ticks?: number[] }} [options] `whole`: no ticks between whole numbers
 * @returns {Axis}
 */
export function linearAxis([low, high], from, to, gap, { whole = false, ticks = null } = {}) {
  const end = high > low ? high : low + 1;
  const scale = (to - from) / (end - low);
  const place = (value) => (Number.isFinite(value) ? from + (Math.min(Math.max(value, low), end) - low) * scale : NaN);
  const value = (at) => low + (at - from) / scale;
  const all = ticks ?? linearTicks(low, end, gap / Math.abs(scale), whole);
  return { place, value, ticks: thinned(all, place, gap) };
}

/** Multiples of 1, 2 or 5 times a power of ten that are `step` apart at least. */
function linearTicks(low, high, step, whole) {
  const power = 10 ** Math.floor(Math.log10(step));
  let jump = FACTORS.map((factor) => factor * power).find((size) => size >= step * 0.999) ?? 10 * power;
  if (whole) jump = Math.max(1, jump);
  const first = Math.ceil(low / jump - 1e-9);
  const count = Math.floor(high / jump + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * jump).toPrecision(12)));
}

/**
 * A logarithmic axis between two places in px, with room for exact zeros at its lower end. Values beyond the range
 * lie on its ends.
 * @param {[number, number]} range powers of ten @param {number} from px of the lower end: the middle of the zeros' slot
 * @param {number} to px of the upper end @param {number} gap @param {{ ticks?: number[], zero?: boolean }} [options]
 * @returns {Axis}
 */
export function logAxis([low, high], from, to, gap, { ticks = null, zero = true } = {}) {
  const span = high > low ? high - low : 1;
  const start = zero ? from + Math.sign(to - from) * ZERO_SLOT : from;
  const scale = (to - start) / span;
  function place(value) {
    if (value === 0) return from;
    if (!(value > 0) || value === Infinity) return NaN;
    return start + (Math.min(Math.max(Math.log10(value), low), low + span) - low) * scale;
  }
  const value = (at) => ((at - start) / scale < 0 && zero ? 0 : 10 ** (low + (at - start) / scale));
  const powers = ticks ?? logTicks(low, low + span, gap / Math.abs(scale));
  const all = thinned(powers, place, gap);
  return { place, value, ticks: zero ? [{ at: from, text: "0" }, ...all] : all };
}

/** Powers of ten that are `step` decades apart at least; on a short axis 2 and 5 times them, too. */
function logTicks(low, high, step) {
  const jump = [1, 2, 3, 5, 10, 20, 50, 100].find((decades) => decades >= step) ?? 200;
  const factors = jump > 1 || high - low > 2.5 ? [1] : step < 0.3 ? [1, 2, 5] : step < 0.45 ? [1, 3] : [1];
  const ticks = [];
  for (let power = Math.floor(low / jump) * jump; power <= high; power += jump)
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  return ticks.filter((value) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9);
}

/** Ticks without those that would touch the one before. */
function thinned(values, place, gap) {
  const kept = [];
  for (const value of values) {
    const at = place(value);
    if (kept.every((other) => Math.abs(other.at - at) >= gap * 0.99)) kept.push({ at, text: tickText(value) });
  }
  return kept;
}

/** Push places apart so that none is nearer than `gap` to the next, all between `low` and `high` as far as they fit. */
export function spread(places, gap, low, high) {
  const order = places.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  let least = low;
  for (const one of order) least = (one.at = Math.max(one.at, least)) + gap;
  let most = high;
  for (const one of order.reverse()) most = (one.at = Math.min(one.at, most)) - gap;
  const result = [...places];
  for (const { at, index } of order) result[index] = at;
  return result;
}
