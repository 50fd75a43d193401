/**
 * The engine in a page. What it computes, and how its memory is laid out, is said in `engine.c`; `engine.py` is the
 * twin of this file in Python, and its results are the same to the bit. Jobs run in Web Workers or, where a host
 * forbids those, in slices on the main thread.
 *
 * In the types, arrays of several dimensions are flat, the last dimension together.
 *
 * @typedef {object} Options
 * @property {AbortSignal} [signal] drops the work; the promise rejects with its reason
 * @property {(share: number) => void} [onProgress] called with 0 to 1
 *
 * @typedef {object} Run how one run begins: with weights of a `kind`, or with `parameters` of one's own
 * @property {number} seed 0 to 2**32 - 1
 * @property {number} learningRate 1e-12 to 1000
 * @property {number} [noise] bound of a uniform number that is added to each parameter, by default 0
 * @property {"constant" | "uniform" | "normal"} [kind]
 * @property {ArrayLike<number>} [scales] (layers of weights,): the weight, a bound or a standard deviation
 * @property {ArrayLike<number>} [parameters] (parameters,), laid out as in network.py
 *
 * @typedef {object} Training
 * @property {number[]} layerSizes 2 to 20 layers of 1 to 256 units, at most 20,000 parameters
 * @property {"sigmoid" | "tanh" | "relu"} activation of the hidden layers
 * @property {ArrayLike<number>} inputs (rows, inputs), 1 to 1024 rows
 * @property {ArrayLike<number>} targets (rows, outputs), 0 to 1
 * @property {number} epochs 0 to 100,000
 * @property {number} maxFrames 3 to 2000, or 0 to record none
 * @property {boolean} shuffle
 * @property {boolean} stopWhenSolved
 * @property {number} bias of every unit before training, -10 to 10
 * @property {Run[]} runs 1 to 10,000
 *
 * @typedef {object} Trained the last four fields only with maxFrames > 0
 * @property {"finished" | "solved" | "diverged"} ended
 * @property {number} epochs
 * @property {Float64Array} loss (epochs + 1,)
 * @property {Int32Array} correct (epochs + 1,): rows predicted correctly
 * @property {Int32Array} [steps] (frames,): the epoch of each frame
 * @property {Float64Array} [parameters] (frames, parameters)
 * @property {Float64Array} [gradient] (frames, layers of weights): mean |dL/dw|
 * @property {Uint8Array} [presented] (epochs, rows): 1 where a row was predicted correctly before its update
 *
 * @typedef {object} Propagation
 * @property {number[]} layerSizes 2 to 51 layers of 1 to 1000 units
 * @property {"sigmoid" | "tanh" | "relu" | "linear"} activation
 * @property {number} inputs 1 to 1024
 * @property {number} networks 1 to 1000
 * @property {number} [first] number of the first network, 0 to 10**6, by default 0
 * @property {number} seed 0 to 2**32 - 1
 * @property {"float64" | "float32" | "float16"} format in which activations are stored between layers
 * @property {"constant" | "uniform" | "normal"} kind
 * @property {ArrayLike<number>} scales as in Run
 *
 * @typedef {object} Sums
 * @property {number} fanIn 1 to 10**6
 * @property {number} fanOut 1 to 10**6
 * @property {boolean} both whether weights are also summed over the outputs
 * @property {number} layers 1 to 10,000
 * @property {number} bound of the weights
 * @property {number} seed 0 to 2**32 - 1
 */

const ACTIVATIONS = ["sigmoid", "tanh", "relu", "linear"];
const KINDS = ["given", "constant", "uniform", "normal"];
const FORMATS = ["float64", "float32", "float16"];
const MEASURES = [
  "mean", "magnitude", "square", "variance", "inactive", "gradient", "gradientSquare", "delta", "deltaSquare",
  "weightGradient",
];
const MAX_SEED = 2 ** 32 - 1;
const MAX_SCALE = 1e9;
const MAX_BYTES = 2 ** 29; // of the results of a call
const BATCH = 8; // runs in a job at most
const WORKER_SLICE = 10; // milliseconds
const MAIN_SLICE = 8; // half of a frame of the page

/** The engine cannot be started, failed, or has too little memory. The next call starts with a new one. */
export class EngineError extends Error {
  name = "EngineError";
}

/**
 * An engine for a page. It starts with its first job.
 *
 * @param {ArrayBuffer | Uint8Array} wasm the bytes of engine.wasm
 * @param {{ workers?: number }} [options] 0 to 16, by default one for each core, at most 4; 0: the main thread
 */
export function createEngine(wasm, { workers = Math.min(globalThis.navigator?.hardwareConcurrency || 1, 4) } = {}) {
  if (!(wasm instanceof ArrayBuffer || wasm instanceof Uint8Array))
    throw new TypeError(`wasm must be an ArrayBuffer or a Uint8Array, not ${quote(wasm)}`);
  return new Engine(new Uint8Array(wasm).slice(), checkWhole("workers", workers, 0, 16));
}

class Engine {
  /** @type {"workers" | "main thread" | undefined} where jobs run; known once the first one has started */
  mode;
  #main;
  #workers;
  #idle;
  #waiting = []; // functions that take the next free thread
  #calls = new Set();
  #closed = false;

  constructor(wasm, workers) {
    this.#main = mainThread(wasm);
    this.#workers = Array.from({ length: workers }, () => workerThread(wasm));
    this.#idle = this.#workers.slice().reverse();
    if (workers === 0) this.#useMainThread();
  }

  /**
   * Train networks by per-example gradient descent.
   *
   * @param {Training} settings
   * @param {Options} [options]
   * @returns {Promise<Trained[]>} one for each run, in the order of `runs`
   */
  async train(settings, options) {
    return (await this.#call(trainingJobs(settings), options)).flat();
  }

  /**
   * Send signals forward and gradients back through random networks.
   *
   * @param {Propagation} settings
   * @param {Options} [options]
   * @returns {Promise<{ measures: Record<string, Float64Array>, activations: Float64Array[] }>} measures, each
   *   (networks, layers + 1), and the first network's activations, each (inputs, units)
   */
  async propagate(settings, options) {
    const parts = await this.#call(propagationJobs(settings), options);
    const columns = parts[0].activations.length;
    const all = parts.flatMap(({ measures }) => Array.from(measures)); // (networks, measures, layers + 1)
    const measure = (which) => all.filter((_, k) => Math.floor(k / columns) % MEASURES.length === which);
    const measures = MEASURES.map((name, which) => [name, Float64Array.from(measure(which))]);
    return { measures: Object.fromEntries(measures), activations: parts[0].activations };
  }

  /**
   * Sum the uniform weights of layers over the inputs and, with `both`, over the outputs.
   *
   * @param {Sums} settings
   * @param {Options} [options]
   * @returns {Promise<{ forward: Float64Array, backward?: Float64Array }>} (fanOut, layers) and (fanIn, layers)
   */
  async sums(settings, options) {
    return (await this.#call(sumsJobs(settings), options))[0];
  }

  /** End the workers. Pending and later calls reject with an AbortError. */
  close() {
    this.#closed = true;
    for (const call of this.#calls) call.abort(closedError());
    for (const worker of this.#workers) worker.close();
  }

  #useMainThread() {
    if (this.mode !== "main thread") this.#idle = [this.#main];
    this.mode = "main thread";
  }

  /** How many threads there are, once it is known whether the host allows workers. */
  async #threads() {
    if (this.mode === "main thread") return 1;
    try {
      await this.#workers[0].start();
    } catch {
      this.#useMainThread();
      return 1;
    }
    this.mode = "workers";
    return this.#workers.length;
  }

  /** The results of the jobs that `split` makes for so many threads. All are dropped when one of them fails. */
  async #call(split, { signal, onProgress } = {}) {
    if (this.#closed) throw closedError();
    signal?.throwIfAborted();
    const call = new AbortController();
    const drop = () => call.abort(signal.reason);
    const dropped = new Promise((_, reject) => {
      call.signal.addEventListener("abort", () => reject(call.signal.reason));
    });
    const work = async () => {
      const jobs = split(await this.#threads());
      const shares = jobs.map(() => 0);
      const report = (k, share) => {
        shares[k] = share;
        const mean = shares.reduce((sum, one) => sum + one) / jobs.length;
        // Called on its own, so that an error in the caller's function is not taken for one of the engine.
        if (onProgress) queueMicrotask(() => call.signal.aborted || onProgress(mean));
      };
      return Promise.all(jobs.map((job, k) => this.#run(job, call.signal, (share) => report(k, share))));
    };
    signal?.addEventListener("abort", drop);
    this.#calls.add(call);
    try {
      return await Promise.race([dropped, work()]);
    } finally {
      call.abort();
      signal?.removeEventListener("abort", drop);
      this.#calls.delete(call);
    }
  }

  /** The result of a job, from the thread that is free first. */
  async #run(job, signal, report) {
    const thread = this.#idle.pop() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
    try {
      if (signal.aborted) return undefined;
      await thread.start();
      const done = await thread.run(job, signal, report);
      report(1);
      return done?.result;
    } catch (error) {
      throw new EngineError(error.message);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    }
  }
}

const closedError = () => new DOMException("the engine has been closed", "AbortError");

/** Runs jobs in slices, between which the page can do other things. */
function mainThread(wasm) {
  const core = engineCore(wasm);
  return { start() {}, run: (job, signal, report) => core(job, MAIN_SLICE, () => signal.aborted, report) };
}

/** Runs jobs in a worker. `start` rejects where the host allows none. */
function workerThread(wasm) {
  let worker, started;
  const close = () => {
    worker?.terminate();
    started = undefined;
  };
  const answer = (message, report) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if ("share" in data) report(data.share);
        else if ("failed" in data) reject(new Error(data.failed));
        else resolve(data);
      };
      worker.onerror = worker.onmessageerror = (event) => {
        event.preventDefault();
        close();
        reject(new Error(`the engine's worker failed (${event.message ?? event.type})`));
      };
      worker.postMessage(message);
    });
  const make = async () => {
    const source = `(${workerMain})(${engineCore}, ${WORKER_SLICE});`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      worker = new Worker(url);
      await answer({ wasm });
    } finally {
      URL.revokeObjectURL(url);
    }
  };
  const run = async (job, signal, report) => {
    const drop = () => worker.postMessage({});
    signal.addEventListener("abort", drop);
    try {
      return await answer({ job }, report);
    } finally {
      signal.removeEventListener("abort", drop);
    }
  };
  return { start: () => (started ??= make()), run, close };
}

/** What a worker does. It is sent there as text, together with `engineCore`. */
function workerMain(engineCore, milliseconds) {
  let core;
  let dropped = false;
  self.onmessage = async ({ data: { wasm, job } }) => {
    dropped = !job;
    if (wasm) {
      core = engineCore(wasm);
      self.postMessage({});
    } else if (job) {
      try {
        const done = await core(job, milliseconds, () => dropped, (share) => self.postMessage({ share }));
        self.postMessage({ result: done?.result }, done?.buffers ?? []);
      } catch (error) {
        self.postMessage({ failed: error.message });
      }
    }
  };
}

/**
 * One thread's engine: a function that does a job in slices of about so many milliseconds. It resolves to `result`,
 * whose arrays have `buffers` of their own, or to undefined once `dropped()` is true after a slice.
 *
 * A worker is sent this function as text, so it refers to nothing outside of itself.
 */
function engineCore(wasm) {
  const RUNNING = 0;
  const ENDINGS = ["finished", "solved", "diverged"];
  const LARGEST = 2 ** 28; // bytes of memory that an instance is kept with; it never shrinks
  let module;
  let engine; // what the instance exports
  let pace = 0.25; // nanoseconds of the engine's estimate that a nanosecond here is worth

  const problem = (text) => Object.assign(new Error(text), { name: "EngineError" });
  const view = (Type, name, length, ...of) => new Type(engine.memory.buffer, engine[name](...of) >>> 0, length);
  const buffersOf = (value) => {
    if (ArrayBuffer.isView(value)) return [value.buffer];
    return value && typeof value === "object" ? Object.values(value).flatMap(buffersOf) : [];
  };

  const results = {
    training({ settings: [layers, , rows, runs, epochs, maxFrames], parameters }) {
      const counts = view(Int32Array, "training_counts", 4 * runs);
      return Array.from({ length: runs }, (_, run) => {
        const [done, frames, ended] = counts.subarray(4 * run);
        const copy = (Type, name, count, size, used) =>
          view(Type, `training_${name}`, runs * count * size).slice(run * count * size, (run * count + used) * size);
        const recorded = maxFrames > 0 && {
          steps: copy(Int32Array, "steps", maxFrames, 1, frames),
          parameters: copy(Float64Array, "frames", maxFrames, parameters, frames),
          gradient: copy(Float64Array, "gradient", maxFrames, layers, frames),
          presented: copy(Uint8Array, "presented", epochs, rows, done),
        };
        const loss = copy(Float64Array, "loss", epochs + 1, 1, done + 1);
        const correct = copy(Int32Array, "correct", epochs + 1, 1, done + 1);
        return { ended: ENDINGS[ended - 1], epochs: done, loss, correct, ...recorded };
      });
    },
    propagation({ sizes, settings: [layers, , inputs, , , networks], measures, withActivations }) {
      const found = view(Float64Array, "propagation_measures", networks * measures * (layers + 1)).slice();
      const activations = (withActivations ? sizes : []).map((units, layer) => {
        const width = (units + 3) & ~3; // units are padded
        const padded = view(Float64Array, "propagation_activations", inputs * width, layer);
        const all = new Float64Array(inputs * units);
        for (let k = 0; k < inputs; k++) all.set(padded.subarray(k * width, k * width + units), k * units);
        return all;
      });
      return { measures: found, activations };
    },
    sums({ settings: [fanIn, fanOut, both, layers] }) {
      const forward = view(Float64Array, "sums_forward", fanOut * layers).slice();
      return both ? { forward, backward: view(Float64Array, "sums_backward", fanIn * layers).slice() } : { forward };
    },
  };

  async function start(name) {
    try {
      module ??= await WebAssembly.compile(wasm);
      engine = (await WebAssembly.instantiate(module)).exports;
    } catch (error) {
      throw problem(`engine.wasm is damaged, or this page or browser cannot run it (${error.message})`);
    }
    if (!engine.advance || !engine[`prepare_${name}`])
      throw problem("engine.wasm is damaged: this is WebAssembly, but not the engine");
  }

  function prepare({ name, sizes, settings, arrays }) {
    view(Int32Array, "sizes", sizes.length).set(sizes);
    if (!engine[`prepare_${name}`](...settings))
      throw problem(`there is not enough memory for this ${name}; ask for fewer or smaller runs`);
    for (const [field, values] of Object.entries(arrays))
      view(values.constructor, `${name}_${field}`, values.length).set(values);
    if (name === "sums") engine.begin_sums(settings[3]);
  }

  return async (job, milliseconds, dropped, report) => {
    const { port1, port2 } = new MessageChannel(); // timers would wait for 4 ms
    const otherTasks = () =>
      new Promise((resolve) => {
        port1.onmessage = resolve;
        port2.postMessage(null);
      });
    try {
      if (!engine) await start(job.name);
      prepare(job);
      for (let state = RUNNING; state === RUNNING; report(engine.progress())) {
        await otherTasks();
        if (dropped()) return undefined;
        const began = performance.now();
        state = engine.advance(milliseconds * 1e6 * pace);
        const change = milliseconds / (performance.now() - began); // clocks can be coarse: not too much at once
        if (state === RUNNING) pace = Math.min(Math.max(pace * Math.min(Math.max(change, 0.5), 2), 0.01), 10);
      }
      const result = results[job.name](job);
      return { result, buffers: buffersOf(result) };
    } catch (error) {
      engine = undefined; // of no more use
      if (error.name === "EngineError") throw error;
      throw problem(`the engine failed in this ${job.name} (${error.message})`);
    } finally {
      port1.close();
      if (engine?.memory.buffer.byteLength > LARGEST) engine = undefined;
    }
  };
}

/** Checks the settings; returns a function that splits the work into jobs for so many threads. */
function trainingJobs({ layerSizes, activation, epochs, maxFrames, runs, ...others }) {
  const sizes = checkLayers(layerSizes, 20, 256);
  const depth = sizes.length - 1;
  const parameters = sizes.slice(1).reduce((sum, units, k) => sum + (sizes[k] + 1) * units, 0);
  checkWhole("the number of parameters", parameters, 1, 20_000);
  const which = ACTIVATIONS.indexOf(checkChoice("activation", activation, ACTIVATIONS.slice(0, 3)));
  const rows = checkArray("inputs", others.inputs).length / sizes[0];
  checkWhole("the number of rows of inputs", rows, 1, 1024);
  const inputs = checkNumbers("inputs", others.inputs, rows * sizes[0]);
  const targets = checkNumbers("targets", others.targets, rows * sizes[depth], 0, 1);
  checkWhole("epochs", epochs, 0, 100_000);
  if (maxFrames !== 0) checkWhole("maxFrames, where it is not 0,", maxFrames, 3, 2000);
  const frames = Math.min(maxFrames, epochs + 1);
  const flags = ["shuffle", "stopWhenSolved"].map((name) => checkFlag(name, others[name]));
  const bias = checkNumber("bias", others.bias, -10, 10);
  checkWhole("the number of runs", checkArray("runs", runs).length, 1, 10_000);
  const recorded = frames && frames * (8 * (parameters + depth) + 4) + epochs * rows;
  limitBytes(runs.length * (recorded + 12 * (epochs + 1)), "ask for fewer runs, frames or epochs");

  const starts = Array.from(runs, (run, k) => {
    const { seed, learningRate, noise = 0, kind, scales, parameters: given } = run ?? {};
    const name = (field) => `runs[${k}].${field}`;
    checkWhole(name("seed"), seed, 0, MAX_SEED);
    checkNumber(name("learningRate"), learningRate, 1e-12, 1000);
    checkNumber(name("noise"), noise, -1e6, 1e6);
    if (given !== undefined)
      return { seed, learningRate, noise, kind: 0, given: checkNumbers(name("parameters"), given, parameters) };
    checkChoice(name("kind"), kind, KINDS.slice(1));
    const drawn = checkNumbers(name("scales"), scales, depth, -MAX_SCALE, MAX_SCALE);
    return { seed, learningRate, noise, kind: KINDS.indexOf(kind), scales: drawn };
  });
  const job = (batch) => {
    const arrays = {
      inputs,
      targets,
      seeds: Uint32Array.from(batch, ({ seed }) => seed),
      rates: Float64Array.from(batch, ({ learningRate }) => learningRate),
      noise: Float64Array.from(batch, ({ noise }) => noise),
      kinds: Int32Array.from(batch, ({ kind }) => kind),
      scales: new Float64Array(batch.length * depth),
      start: new Float64Array(batch.length * parameters),
    };
    batch.forEach(({ scales, given }, k) => {
      if (given) arrays.start.set(given, k * parameters);
      else arrays.scales.set(scales, k * depth);
    });
    const settings = [depth, which, rows, batch.length, epochs, frames, ...flags, bias];
    return { name: "training", sizes, settings, arrays, parameters };
  };
  // Two runs share a vector, and cost as much as one.
  const pairs = Math.ceil(runs.length / 2);
  return (threads) =>
    splitEvenly(pairs, threads, BATCH / 2).map(([from, to]) => job(starts.slice(2 * from, 2 * to)));
}

function propagationJobs({ layerSizes, activation, inputs, networks, first = 0, seed, format, kind, scales }) {
  const sizes = checkLayers(layerSizes, 51, 1000);
  const depth = sizes.length - 1;
  const before = [
    depth,
    ACTIVATIONS.indexOf(checkChoice("activation", activation, ACTIVATIONS)),
    checkWhole("inputs", inputs, 1, 1024),
    KINDS.indexOf(checkChoice("kind", kind, KINDS.slice(1))),
    FORMATS.indexOf(checkChoice("format", format, FORMATS)),
  ];
  checkWhole("networks", networks, 1, 1000);
  checkWhole("first", first, 0, 1e6);
  checkWhole("seed", seed, 0, MAX_SEED);
  const arrays = { scales: checkNumbers("scales", scales, depth, -MAX_SCALE, MAX_SCALE) };
  // Each thread has the activations of a network in its memory.
  const most = Math.floor(MAX_BYTES / (8 * inputs * sizes.reduce((sum, units) => sum + units)));
  return (threads) =>
    splitEvenly(networks, Math.max(1, Math.min(threads, most)), networks).map(([from, to]) => {
      const settings = [...before, to - from, first + from, seed];
      const measures = MEASURES.length;
      return { name: "propagation", sizes, settings, arrays, measures, withActivations: from === 0 };
    });
}

function sumsJobs({ fanIn, fanOut, both, layers, bound, seed }) {
  const settings = [
    checkWhole("fanIn", fanIn, 1, 1e6),
    checkWhole("fanOut", fanOut, 1, 1e6),
    checkFlag("both", both),
    checkWhole("layers", layers, 1, 1e4),
    checkNumber("bound", bound, -MAX_SCALE, MAX_SCALE),
    checkWhole("seed", seed, 0, MAX_SEED),
  ];
  const count = fanOut * layers;
  if (layers > 1) checkWhole("fanOut * layers, where layers is not 1,", count, 1, 2 ** 21);
  const weights = Math.max(count, 2 ** 21);
  limitBytes(2 * weights + 12 * count + (both ? 8 * fanIn * layers : 0), "ask for fewer layers or smaller ones");
  return () => [{ name: "sums", sizes: [], settings, arrays: {} }];
}

/** [from, to) of parts of at most `most`, equal but for one, for all threads as long as there is enough for them. */
function splitEvenly(count, threads, most) {
  const parts = count <= threads ? count : threads * Math.ceil(count / (threads * most));
  const end = (k) => Math.floor((k * count) / parts);
  return Array.from({ length: parts }, (_, k) => [end(k), end(k + 1)]);
}

// Checks return what they were given, as the engine takes it, or throw a sentence that names it and what is allowed.

const quote = (value) => (typeof value === "string" ? JSON.stringify(value) : String(value));

function refuse(name, value, sort, allowed) {
  const ErrorType = typeof value === sort ? RangeError : TypeError;
  throw new ErrorType(`${name} must be ${allowed}, not ${quote(value)}`);
}

function checkWhole(name, value, low, high) {
  if (!(Number.isInteger(value) && value >= low && value <= high))
    refuse(name, value, "number", `a whole number from ${low} to ${high}`);
  return value;
}

const isNumber = (value, low, high) => Number.isFinite(value) && value >= low && value <= high;

function checkNumber(name, value, low, high) {
  if (!isNumber(value, low, high))
    refuse(name, value, "number", high < Infinity ? `a number from ${low} to ${high}` : "a finite number");
  return value;
}

function checkFlag(name, value) {
  if (typeof value !== "boolean") refuse(name, value, "boolean", "true or false");
  return Number(value);
}

function checkChoice(name, value, allowed) {
  if (!allowed.includes(value)) refuse(name, value, "string", `one of ${allowed.join(", ")}`);
  return value;
}

function checkArray(name, values) {
  if (Array.isArray(values) || ArrayBuffer.isView(values)) return values;
  throw new TypeError(`${name} must be an array, not ${quote(values)}`);
}

function checkNumbers(name, values, count, low = -Infinity, high = Infinity) {
  const found = checkArray(name, values).length;
  if (found !== count) throw new RangeError(`${name} must have ${count} numbers, not ${found}`);
  const wrong = values.findIndex((value) => !isNumber(value, low, high));
  if (wrong >= 0) checkNumber(`${name}[${wrong}]`, values[wrong], low, high);
  return Float64Array.from(values);
}

function checkLayers(sizes, most, widest) {
  checkWhole("the number of layerSizes", checkArray("layerSizes", sizes).length, 2, most);
  return Array.from(sizes, (units, k) => checkWhole(`layerSizes[${k}]`, units, 1, widest));
}

function limitBytes(bytes, advice) {
  const [megabytes, most] = [bytes, MAX_BYTES].map((count) => Math.ceil(count / 2 ** 20));
  if (bytes > MAX_BYTES) throw new RangeError(`this takes ${megabytes} MB, more than ${most}; ${advice}`);
}
