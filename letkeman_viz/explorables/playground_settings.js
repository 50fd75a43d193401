/**
 * The playground's settings in a page: the twin of playground_settings.py, with the table that Python sends.
 *
 * @typedef {Record<string, any>} Values a value for every setting
 * @typedef {ReturnType<typeof prepare>} Data what Python sends, unpacked
 */
import { parameterCount, train } from "../parts/run.js";
import { NUMBER, taskFromCsv } from "../parts/tasks.js";

const MIN_BITS = 2;

/** `_data` as it is used here: the settings by name, scales as numbers. */
export function prepare(data) {
  return {
    ...data,
    names: data.fields.map(({ name }) => name),
    field: new Map(data.fields.map((field) => [field.name, field])),
    theirs: new RegExp(`^(${data.theirs})$`),
    scheme: new Map(data.schemes.map((scheme) => [scheme.name, { ...scheme, scales: float64(scheme.scales) }])),
  };
}

/** Numbers from base64, little endian whatever the machine. */
function float64(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 8 }, (_, k) => view.getFloat64(8 * k, true));
}

export const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

// --- Kinds of values: `check` returns the value as it is kept, or throws what is allowed; `read` and `write` are texts.

function refuse(text) {
  throw new RangeError(text);
}
const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
const join = (words) => words.join(", ");
const decimal = (text) => (NUMBER.test(text) ? Number(text) : NaN);

const KINDS = {
  choice: {
    check: ({ allowed }, value) => (allowed.includes(value) ? value : refuse(`choose one of ${join(allowed)}`)),
    read: (field, text) => text,
  },
  whole: {
    check: ({ low, high }, value) =>
      isWhole(value, low, high) ? value : refuse(`choose a whole number from ${low} to ${high}`),
    read: (field, text) => (/^\d{1,9}$/.test(text) ? Number(text) : NaN),
  },
  number: {
    check: ({ low, high }, value) =>
      typeof value === "number" && value >= low && value <= high
        ? value + 0 // no -0
        : refuse(`choose a number from ${low} to ${high}`),
    read: (field, text) => decimal(text),
  },
  words: {
    check({ allowed, low, high, named }, value) {
      const shown = named === null ? allowed : allowed.slice(0, named);
      if (!value.every((word) => allowed.includes(word)) || !isWhole(new Set(value).size, low, high))
        refuse(`choose ${low} to ${Math.min(high, shown.length)} of ${join(shown)}, with commas between them`);
      return allowed.filter((word) => value.includes(word));
    },
    read: (field, text) => text.split(",").filter(Boolean),
    write: (value) => value.join(","),
  },
  sizes: {
    check({ layers, neurons }, value) {
      if (!isWhole(value.length, 1, layers) || !value.every((size) => isWhole(size, 1, neurons)))
        refuse(`give 1 to ${layers} hidden layers of 1 to ${neurons} neurons, such as 8-8`);
      return value;
    },
    read: (field, text) => text.split("-").map((size) => (/^\d{1,2}$/.test(size) ? Number(size) : NaN)),
    write: (value) => value.join("-"),
  },
  table: {
    check(field, value) {
      if (value) taskFromCsv(value);
      return value;
    },
    read: (field, text) => text,
  },
  edits: {
    check(field, value) {
      const { schemes, largest, most } = field;
      if (value.length > most) refuse(`give at most ${most}`);
      return value.map(([scheme, place, number]) => {
        const good =
          schemes.includes(scheme) &&
          [0, 2, 3].includes(place.length) &&
          place.every((n) => isWhole(n, 0, 255)) &&
          Math.abs(number) <= largest;
        if (!good)
          refuse(
            "write each as scheme:layer.neuron:value or scheme:layer.from.to:value, " +
              `with a value from -${largest} to ${largest}`,
          );
        return [scheme, place, number + 0];
      });
    },
    read: (field, text) =>
      (text ? text.split(",") : []).map((part) => {
        const [scheme, where = "", what = ""] = part.split(":");
        const place = where ? where.split(".").map((n) => (/^\d{1,3}$/.test(n) ? Number(n) : NaN)) : [];
        return [scheme, place, decimal(what)];
      }),
    write: (value) => value.map(([scheme, place, number]) => `${scheme}:${place.join(".")}:${number}`).join(","),
  },
};

/** A value that a setting may have, as it is kept. @throws {RangeError} with what is allowed */
export function check(name, value, data) {
  const field = data.field.get(name);
  return KINDS[field.kind].check(field, value);
}

// --- Links ----------------------------------------------------------------------------------------------------------

/** Whether an address has a part that is ours. @param {string} search */
export const isOurs = (search, data) => [...new URLSearchParams(search).keys()].some((name) => data.field.has(name));

/** The parts of an address that are not ours. @param {string} search */
export const others = (search, data) =>
  new URLSearchParams([...new URLSearchParams(search)].filter(([name]) => !data.field.has(name))).toString();

/**
 * The values that a link asks for, and a sentence for each part of it that cannot be followed.
 * @param {string} link the part behind the question mark @param {Data} data
 * @returns {{ values: Values, complaints: string[] }}
 */
export function readLink(link, data) {
  const query = link.replace(/^\?/, "");
  const thousands = (count) => count.toLocaleString("en-US");
  const none = (complaint) => ({ values: settle({}, data), complaints: [complaint] });
  const { query: most } = data.limits;
  if (query.length > most)
    return none(`The link is ${thousands(query.length)} characters long; at most ${thousands(most)} are read.`);
  if (query.split("&").length > 100) return none("The link has more than 100 parts and was not read.");
  const found = {};
  const complaints = [];
  for (const [name, text] of new URLSearchParams(query)) {
    if (data.theirs.test(name)) continue;
    const field = data.field.get(name);
    if (!field) {
      complaints.push(`The link sets “${name.slice(0, 40)}”, which this page does not know.`);
      continue;
    }
    try {
      found[name] = check(name, KINDS[field.kind].read(field, text), data);
    } catch (error) {
      const short = text.length <= 40 ? text : `${text.slice(0, 40)}…`;
      complaints.push(`The link sets ${name} to “${short}”: ${error.message}. It is left as it was.`);
    }
  }
  return { values: settle(found, data), complaints };
}

/** The part of a link behind the question mark: what differs from the defaults. @param {Values} values settled */
export function writeLink(values, data) {
  const parts = data.fields
    .filter(({ name, default: usual }) => !same(values[name], usual))
    .map(({ name, kind }) => `${name}=${escaped((KINDS[kind].write ?? String)(values[name]))}`);
  return parts.join("&");
}

/** As Python's `urlencode` has it, with commas and colons left as they are. */
const escaped = (text) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%2C", ",")
    .replaceAll("%3A", ":");

// --- What they mean -------------------------------------------------------------------------------------------------

/** All values, the missing ones as by default, those that depend on others in line with them. @returns {Values} */
export function settle(values, data) {
  const found = Object.fromEntries(data.fields.map(({ name, default: usual }) => [name, values[name] ?? usual]));
  if (found.task === "own" && !found.table) found.task = "count_up";
  if (found.task !== "own") found.table = "";
  if (!found.schemes.includes(found.shown)) found.shown = found.schemes[0];
  found.number = Math.min(found.number, taskOf(found, data).inputs.length - 1);
  const sizes = sizesOf(found, data);
  found.edits = found.edits.filter(([, place]) => fits(place, sizes));
  return found;
}

/** Whether a network has the weight or bias at a place. */
function fits([layer, ...neurons], sizes) {
  if (layer === undefined) return true;
  if (!(layer >= 1 && layer < sizes.length)) return false;
  const behind = neurons.at(-1) < sizes[layer];
  return behind && (neurons.length === 1 || neurons[0] < sizes[layer - 1]);
}

/** The bits of a number, most significant first. */
const bitsOf = (number, count) => Array.from({ length: count }, (_, k) => (number >> (count - 1 - k)) & 1);

/** The table that is learned. @returns {import("../parts/tasks.js").Table} */
export function taskOf({ task, bits, table }, data) {
  if (task === "own") return taskFromCsv(table);
  const { outputs, targets } = data.tasks.find(({ name }) => name === task);
  const rows = targets[bits - MIN_BITS];
  return { inputs: rows.map((_, row) => bitsOf(row, bits)), targets: rows.map((target) => bitsOf(target, outputs ?? bits)) };
}

/** The sizes of all layers. @returns {number[]} */
export function sizesOf(values, data) {
  const { inputs, targets } = taskOf(values, data);
  return [inputs[0].length, ...values.hidden, targets[0].length];
}

/** A scheme as `train` takes it, for layers of these sizes. @returns {import("../parts/run.js").Scheme} */
export function schemeOf(name, values, sizes, data) {
  const { label, kind, scales, shape } = data.scheme.get(name);
  const scale = (fanIn, fanOut) =>
    name === "scaled"
      ? values.gain * Math.sqrt(3 / fanIn) // as schemes.py does
      : scales[(shape[0] > 1 ? fanIn - 1 : 0) * shape[1] + (shape[1] > 1 ? fanOut - 1 : 0)];
  return { name, label, kind, scales: sizes.slice(1).map((fanOut, k) => scale(sizes[k], fanOut)) };
}

/**
 * Train what the settings say. @param {Values} values settled
 * @param {{ quick?: boolean, names?: string[], signal?: AbortSignal,
 *   onProgress?: (share: number) => void }} [options] `quick` keeps fewer frames, for drags
 * @returns {Promise<import("../parts/run.js").Run[]>} in the order of the schemes
 */
export async function trainAll(values, data, { quick = false, names = values.schemes, signal, onProgress } = {}) {
  const sizes = sizesOf(values, data);
  const { inputs, targets } = taskOf(values, data);
  const one = values.mode === "one";
  const rows = (table) => (one ? [table[values.number]] : table);
  const { frames, dragFrames, numbers, updates } = data.limits;
  const most = Math.max(dragFrames, Math.min(frames, Math.floor(numbers / (values.schemes.length * parameterCount(sizes)))));
  const task = {
    seed: values.seed,
    learningRate: values.rate,
    sizes,
    activation: values.activation,
    inputs: rows(inputs),
    targets: rows(targets),
    epochs: one ? updates : values.epochs,
    oneExample: one,
    shuffle: one || values.order === "shuffled",
    bias: values.bias,
    noise: values.noise,
    maxFrames: quick ? dragFrames : most,
  };
  const schemes = names.map((name) => schemeOf(name, values, sizes, data));
  if (values.edits.some(([scheme]) => names.includes(scheme))) {
    const starts = await train({ ...task, schemes, epochs: 0 }, { signal });
    starts.forEach((start, k) => {
      const parameters = start.parameters(0).slice();
      apply(values.edits, schemes[k].name, parameters, sizes);
      Object.assign(schemes[k], { kind: "given", parameters });
    });
    task.noise = 0; // it is in the parameters
  }
  return train({ ...task, schemes }, { signal, onProgress });
}

/** Make the changes by hand of one scheme in its parameters. */
function apply(edits, name, parameters, sizes) {
  for (const [scheme, [layer, ...neurons], value] of edits) {
    if (scheme !== name) continue;
    let at = 0;
    for (let k = 1; k < sizes.length; k++) {
      const [fanIn, fanOut] = [sizes[k - 1], sizes[k]];
      const biases = at + fanIn * fanOut;
      if (layer === undefined) parameters.fill(value, at, biases);
      else if (layer === k) parameters[neurons.length === 2 ? at + neurons[0] * fanOut + neurons[1] : biases + neurons[0]] = value;
      at = biases + fanOut;
    }
  }
}
