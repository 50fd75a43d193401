// Outputs read as a binary number: above a half is a 1.

/** Whether one output is on its target's side of a half; exactly a half is on neither. */
export function bitIsRight(output, target) {
  return target > 0.5 ? output > 0.5 : output < 0.5;
}

/** Whether all of them are. */
export function isRight(outputs, target) {
  return outputs.every((o, j) => bitIsRight(o, target[j]));
}

/** The number that a row of outputs or bits reads as, most significant first. */
export function toDecimal(values) {
  return Array.from(values).reduce((sum, value) => 2 * sum + (value > 0.5 ? 1 : 0), 0);
}
