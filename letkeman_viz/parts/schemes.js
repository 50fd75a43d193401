/** What tells schemes apart: a colour (`--lv-scheme-{style}`), a dash and a mark, the same everywhere. */
import { svg } from "./dom.js";

const STYLES = {
  zeros: 1, ones: 2, standard_xavier: 3, normalized_xavier: 4, standard_letkeman: 5, normalized_letkeman: 6, kaiming: 7, scaled: 8,
};

/** Dash (as of a canvas) and mark (an SVG path around 0, 0) of the eight styles. */
const LOOKS = [
  [[2, 3], "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z"], // disc
  [[9, 3, 2, 3], "M-3.6-3.6H3.6V3.6H-3.6Z"], // square
  [[], "M0-4A4 4 0 1 1 0 4A4 4 0 1 1 0-4Z"],
  [[6, 4], "M0-5L5 0L0 5L-5 0Z"], // diamond
  [[11, 4], "M0-5L5 4H-5Z"], // triangle
  [[6, 3, 2, 3], "M0 5L5-4H-5Z"], // triangle on its point
  [[8, 3, 2, 3, 2, 3], "M-1.6-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z"], // cross
  [[4, 2], "M0-6L1.6-2L6-2L2.4.8L3.8 5L0 2.4L-3.8 5L-2.4.8L-6-2L-1.6-2Z"], // star
];

/**
 * The styles of schemes shown together: a built-in scheme always has its own, any other one that is free.
 * @param {string[]} names @returns {number[]} 1 to 8
 */
export function stylesOf(names) {
  const taken = new Set(names.map((name) => STYLES[name]).filter(Boolean));
  const free = LOOKS.map((_, k) => k + 1).filter((style) => !taken.has(style)).reverse();
  return names.map((name) => STYLES[name] ?? free.shift() ?? 1);
}

/** @param {number} style @returns {{ color: string, dash: number[], mark: string }} `color` is the name of a CSS variable */
export function lookOf(style) {
  const [dash, mark] = LOOKS[style - 1];
  return { color: `--lv-scheme-${style}`, dash, mark };
}

/** A sample of a style: its line with its mark. */
export function swatch(parent, style) {
  const { color, dash, mark } = lookOf(style);
  const picture = svg("svg", { viewBox: "-17 -7 34 14", width: 34, height: 14, "aria-hidden": "true" }, parent);
  picture.style.color = `var(${color})`;
  svg("path", { d: "M-17 0H17", "stroke-dasharray": dash.join(" "), stroke: "currentColor", "stroke-width": 2.5 }, picture);
  svg("path", { d: mark, fill: "currentColor", stroke: "var(--lv-panel)", "stroke-width": 1.2 }, picture);
  return picture;
}
