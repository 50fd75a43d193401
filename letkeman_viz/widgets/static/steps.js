// Where a clock that counts steps finds a recording that kept only some of them.

/** The last of these ascending steps that is not after `step`; the first if all are. */
export function frameAt(steps, step) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (steps[middle] <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}
