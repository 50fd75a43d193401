// Numbers for people: few digits, true zeros, and NaN said aloud.

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** Three significant digits; powers of ten outside 0.001..9999; a real minus sign. @param {number} x */
export function formatNumber(x) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const sign = x < 0 ? "−" : "";
  const size = Math.abs(x);
  if (size >= 0.001 && size < 9999.5) {
    let digits = 3; // a saturated neuron gives 0.9997, not 1: as many digits as tell the two apart
    while (size < 1 && digits < 6 && Number(size.toPrecision(digits)) === 1) digits++;
    return sign + String(Number(size.toPrecision(digits)));
  }
  const [digits, power] = size.toExponential(1).split("e");
  return `${sign}${digits}·10${superscript(Number(power))}`;
}

/** @param {number} power */
export function superscript(power) {
  return [...String(power)].map((character) => SUPERSCRIPTS[character]).join("");
}

/** The smallest of 1, 2, 5 times a power of ten that is not (by more than half a percent) below `x`; 1 where there is nothing to measure. */
export function niceCeiling(x) {
  if (!(x > 0) || !Number.isFinite(x)) return 1;
  const power = 10 ** Math.floor(Math.log10(x));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= 0.995 * x);
  return Number((step * power).toPrecision(1));
}

/** "layer 1", "layers 1 and 2", "layers 1, 2 and 3". @param {number[]} numbers */
export function listLayers(numbers) {
  if (numbers.length === 1) return `layer ${numbers[0]}`;
  return `layers ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}

/** The name of a layer of neurons. @param {number} k @param {number[]} sizes */
export function layerName(k, sizes) {
  if (k === 0) return "input";
  if (k === sizes.length - 1) return "output";
  return sizes.length === 3 ? "hidden" : `hidden ${k}`;
}
