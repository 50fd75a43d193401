// Outputs read as a binary number: above a half is a 1.

/** Whether one output is on its target's side of a half; exactly a half is on neither. */
export function bitIsRight(output, target) {
  return target > 0.5 ? output > 0.5 : output < 0.5;
}

/** What an output reads as: 1, 0, or a sign that it is neither. */
export function bitOf(output) {
  if (output > 0.5) return 1;
  if (output < 0.5) return 0;
  return output === 0.5 ? "½" : "?";
}

/** Whether all of them are. */
export function isRight(outputs, target) {
  return outputs.every((o, j) => bitIsRight(o, target[j]));
}

/** The number that a row of outputs or bits reads as, most significant first. */
export function toDecimal(values) {
  return Array.from(values).reduce((sum, value) => 2 * sum + (value > 0.5 ? 1 : 0), 0);
}

/** The row of the table that has this row's inputs but for one bit, or -1. */
export function rowWithBitFlipped(run, row, bit) {
  const wanted = Array.from(run.inputs(row));
  wanted[bit] = wanted[bit] > 0.5 ? 0 : 1;
  for (let k = 0; k < run.rows; k++) if (run.inputs(k).every((x, i) => x === wanted[i])) return k;
  return -1;
}

/** A row in words: bits with the number they read as, what are not quite bits, or other numbers as they are. */
export function rowText(values, format) {
  const all = Array.from(values);
  if (all.some((v) => typeof v === "string")) return all.join(" ");
  if (!all.every((v) => v === 0 || v === 1)) return all.map(format).join("  ");
  return `${all.join(" ")} = ${toDecimal(all)}`;
}
