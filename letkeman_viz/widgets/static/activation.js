// Activation functions and their slopes, as in network.py.

/** @param {string} name @param {number} z */
export function activate(name, z) {
  if (name === "tanh") return Math.tanh(z);
  return name === "relu" ? (z < 0 ? 0 : z) : 1 / (1 + Math.exp(-z));
}

/** The activation's derivative from its output. @param {string} name @param {number} a */
export function slope(name, a) {
  if (name === "tanh") return 1 - a * a;
  return name === "relu" ? (a > 0 ? 1 : 0) : a * (1 - a);
}
