/** Numbers as readers type them: in a box, with a decimal comma or a point, or in scientific notation. */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** As short as a number can be written so that it can be typed again: 0.3, 1e-7, 4294967295. @param {number} x */
export const plainNumber = (x) => String(Number(x.toPrecision(15)));

/** Our own notation, too: 1.5·10⁻¹⁴ is 1.5e-14. */
function plain(text) {
  return text
    .trim()
    .replace(/[−–]/g, "-")
    .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/g, (mark) => (mark === "⁻" ? "-" : String(SUPERSCRIPTS.indexOf(mark))))
    .replace(/\s*[·×*x]\s*10\s*\^?\s*([+-]?\d+)$/i, "e$1");
}

/**
 * Read what somebody typed.
 *
 * @param {string} text
 * @param {object} options
 * @param {number} [options.min] @param {number} [options.max] both included
 * @param {boolean} [options.whole]
 * @param {number[] | null} [options.among] the only numbers allowed
 * @param {string} [options.label] how the sentence begins
 * @returns {{ value: number } | { error: string }} the sentence names what was typed and what is allowed
 */
export function parseNumber(text, { min = -Infinity, max = Infinity, whole = false, among = null, label = "This box" } = {}) {
  const typed = plain(text);
  const refuse = (why) => ({ error: `${label} takes ${allowed(min, max, whole, among)}${why}.` });
  if (typed === "") return refuse("");
  const shown = `“${text.trim().length > 24 ? `${text.trim().slice(0, 24)}…` : text.trim()}”`;
  // 1,000 is one to half of the world and one thousand to the other.
  if (!whole && /^-?[1-9]\d{0,2},\d{3}$/.test(typed))
    return { error: `${shown} can be read in two ways: write ${typed.replace(",", ".")} or ${typed.replace(",", "")}.` };
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i.test(typed)) return refuse(`; ${shown} is no number`);
  const value = Number(typed.replace(",", "."));
  if (whole && (!Number.isInteger(value) || /^[^e]*[.,][^e]*$/i.test(typed))) return refuse(`; ${shown} is not whole`);
  if (!(value >= min && value <= max) || (among && !among.includes(value))) return refuse(`, not ${shown}`);
  return { value: value === 0 ? 0 : value };
}

function allowed(min, max, whole, among) {
  if (among) return `one of ${among.map(plainNumber).join(", ")}`;
  const kind = whole ? "a whole number" : "a number";
  if (!Number.isFinite(max)) return Number.isFinite(min) ? `${kind} from ${plainNumber(min)} on` : kind;
  return `${kind} from ${plainNumber(min)} to ${plainNumber(max)}`;
}
