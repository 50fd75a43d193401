/** Predictions: a question, an answer that is locked in, and then the truth, computed by the page. */
import { button, choice, number, row, textarea } from "../parts/controls.js";
import controlsCss from "../parts/controls.css";
import { html, setText } from "../parts/dom.js";
import { formatNumber, listLayers } from "../parts/format.js";
import { explorable } from "../parts/host.js";
import { classOfPage, onReaderName, printAnswers, readerName, record, saveAnswers, setOpen, setReaderName } from "../parts/predictions.js";
import { train } from "../parts/run.js";
import css from "./prediction.css";

const MAX_SEED = 2 ** 32 - 1;
const OTHER_DRAWS = 4; // that the reply to "who wins" looks at, too

const updates = (count) => `${count} ${count === 1 ? "update" : "updates"}`;
const layer = (k) => `layer ${k + 1}`;

/** Training of the one example, and of the whole table. */
function tasks(data, seed, signal) {
  const { sizes, learningRate, table, number: row, maxUpdates, epochs } = data;
  const common = { seed, learningRate, sizes, maxFrames: 3 };
  const example = { inputs: [table.inputs[row]], targets: [table.targets[row]], epochs: maxUpdates, oneExample: true };
  return {
    one: (schemes) => train({ ...common, ...example, schemes }, { signal }),
    all: (schemes, draw = seed, count = epochs) =>
      train({ ...common, ...table, schemes, seed: draw, epochs: count }, { signal }),
  };
}

/** The scheme that is the first to have everything right. */
function first(runs) {
  const solved = runs.filter((run) => run.solvedAt !== null).sort((a, b) => a.solvedAt - b.solvedAt);
  return solved[0]?.label ?? "none of them";
}

/**
 * What each kind of question computes once it is answered: `truth` (short, for the page's file) and the two parts of
 * the reply, `verdict` and `lesson`.
 */
const KINDS = {
  async updates({ said, data, seed, signal }) {
    const [scheme, ones] = data.schemes;
    const { one } = tasks(data, seed, signal);
    const [run, other] = await one([scheme, ones]);
    const count = run.solvedAt;
    if (count === null) {
      const verdict = `You said ${said}; it was not right after ${updates(data.maxUpdates)}.`;
      return { truth: `not right after ${updates(data.maxUpdates)}`, verdict, lesson: "" };
    }
    const took = updates(count);
    const verdict = said === count ? `You said ${said}, and ${took} it took.` : `You said ${said}; it took ${took}.`;
    const close = said !== count && Math.abs(said - count) <= 2 ? "Close. " : "";
    let lesson = "The outputs begin on the flat part of the sigmoid, and have to leave it first.";
    if (scheme.name !== ones.name) {
      const times = formatNumber(other.solvedAt / count);
      const more = count && other.solvedAt > count ? `, ${times} times as many: there the outputs had to leave the flat part first` : "";
      lesson = `All ones took ${other.solvedAt}${more}.`;
    }
    return { truth: took, verdict, lesson: close + lesson };
  },

  async layer({ said, data, seed, signal }) {
    const { all } = tasks(data, seed, signal);
    const [run] = await all(data.schemes, seed, 0);
    const sizes = [...run.gradient(0)];
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    const truth = layer(sizes.indexOf(least));
    const found = sizes.map((size, k) => `${formatNumber(size)} in ${layer(k)}`).join(", ");
    const ratio = least > 0 ? ` The largest is ${formatNumber(most / least)} times the smallest.` : "";
    return {
      truth,
      verdict: said === truth ? `You said ${said}, and so it is.` : `You said ${said}; it is ${truth}.`,
      lesson: `Mean |dL/dw| is ${found}.${ratio} Every layer that an error crosses shrinks it.`,
    };
  },

  async winner({ said, data, seed, signal }) {
    const { all } = tasks(data, seed, signal);
    const truth = first(await all(data.schemes));
    const others = [];
    for (let draw = seed + 1; draw <= Math.min(seed + OTHER_DRAWS, MAX_SEED); draw++)
      others.push(`with seed ${draw}: ${first(await all(data.schemes, draw))}`);
    return {
      truth,
      verdict: said === truth ? `You said ${said}, and so it is.` : `You said ${said}; it is ${truth}.`,
      lesson: others.length ? `But look at other draws of the same race: ${others.join("; ")}.` : "",
    };
  },

  async frozen({ said, data, seed, signal }) {
    const { one } = tasks(data, seed, signal);
    const [zeros, ones] = await one(data.schemes);
    const truth = zeros.solvedAt < ones.solvedAt ? "fewer updates" : "more updates";
    const counts = `${zeros.solvedAt} instead of ${ones.solvedAt}`;
    const alone = "only the last layer learned anything.";
    const asleep = [...zeros.gradient(0)].flatMap((size, k) => (size === 0 ? [k + 1] : []));
    return {
      truth: `${truth}: ${counts}`,
      verdict: `You said ${said}${said === truth ? ", and so it is" : `; it takes ${truth}`}: ${counts}.`,
      lesson: `And yet, before the first update, the gradient is exactly 0 in ${listLayers(asleep)}: ${alone}`,
    };
  },

  async count({ said, data, seed, signal }) {
    const [scheme] = data.schemes;
    const { all } = tasks(data, seed, signal);
    const [run] = await all(data.schemes);
    const best = Math.max(...run.correct);
    const truth = `${best} of ${run.rows}`;
    const then = `It had ${best} after epoch ${run.correct.indexOf(best)}, and ${run.correct.at(-1)} after epoch ${run.last}.`;
    const alike = " Neurons of a hidden layer start and stay the same, and eight equal neurons can do no more than one.";
    return {
      truth,
      verdict: said === best ? `You said ${said}, and ${truth} it is.` : `You said ${said}; it is ${truth}.`,
      lesson: `${then}${scheme.kind === "constant" ? alike : ""}`,
    };
  },
};

const HINT = "Once your answer is locked in, this page runs the experiment and compares.";

async function build({ root, settings, signal }) {
  const card = html("div", { class: "lv-card", role: "group", "aria-label": "Prediction" }, root);
  const question = html("p", { class: "lv-question" }, card);
  const place = html("div", { class: "lv-prediction-answer" }, card);
  const line = html("div", { class: "lv-give" }, card);
  const why = textarea(line, {
    label: "Why do you think so?", rows: 1, max: settings.get("_data").maxWhy, value: settings.get("why"),
    onchange: (text) => settings.set({ why: text }),
  });
  const lock = button(line, { label: "Lock in my answer", primary: true, onpress: press });
  const reply = html("p", { class: "lv-reply", role: "status" }, card);
  const yours = createYours(line, signal);
  let entry; // the control that takes the answer
  let asked = ""; // the question that it is for
  let work = null; // what computes the truth

  function ask() {
    const { question: text, choices, high, unit } = settings.get("_data");
    asked = text;
    question.replaceChildren(html("b", { text: "Predict first." }), ` ${text}`);
    place.replaceChildren();
    const common = { label: "My answer", value: settings.get("answer"), onchange: (answer) => settings.set({ answer }) };
    entry = choices.length
      ? choice(place, { ...common, unseenLabel: true, options: choices.map((value) => ({ value, label: value })) })
      : number(place, { ...common, min: 0, max: high, whole: true, unit });
  }

  function press() {
    if (settings.get("locked")) return settings.set({ locked: false });
    if (entry.read) {
      const { value, error } = entry.read(); // what is in the box counts, entered or not
      if (error) return entry.complain(error);
      if (value !== settings.get("answer")) settings.set({ answer: value });
    }
    const reason = why.read();
    if (reason.error) return why.complain(reason.error);
    settings.set({ why: reason.value });
    if (settings.get("answer") === null) return setText(reply, "Choose an answer first.");
    lockedAt = new Date();
    settings.set({ locked: true });
  }
  let lockedAt = null; // by this reader, in this session

  async function draw() {
    const data = settings.get("_data");
    if (data.question !== asked) ask();
    const said = settings.get("answer");
    const locked = settings.get("locked") && said !== null;
    // Only what differs: a text that was refused stays as it was typed.
    if (entry.value !== said) entry.value = said;
    if (why.value !== settings.get("why")) why.value = settings.get("why");
    entry.disabled = why.disabled = locked;
    lock.value = locked ? "Ask me again" : "Lock in my answer";
    lock.element.classList.toggle("lv-primary", !locked);
    card.classList.toggle("lv-locked", locked);
    work?.abort();
    work = new AbortController();
    const { signal: own } = work;
    yours.hidden = true;
    record(root, null);
    setOpen(root, !locked);
    if (!locked) {
      lockedAt = null;
      return setText(reply, HINT);
    }
    setText(reply, "The network is training …");
    try {
      const about = { said, data, seed: settings.get("seed"), signal: own };
      const { truth, verdict, lesson } = await KINDS[settings.get("kind")](about);
      if (own.aborted || signal.aborted) return;
      reply.replaceChildren(html("b", { text: verdict }), ` ${lesson}`);
      record(root, { question: data.question, answer: String(said), why: settings.get("why"), truth, time: lockedAt });
      yours.hidden = false;
    } catch (error) {
      if (!own.aborted && !signal.aborted) setText(reply, `This could not be computed: ${error.message}`);
    }
  }
  signal.addEventListener("abort", () => {
    work?.abort();
    record(root, null);
    setOpen(root, false);
  });
  settings.on("_data kind seed answer why locked", schedule);
  // Several settings change at once; the last one counts.
  let waiting = false;
  function schedule() {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      if (!signal.aborted) draw();
    });
  }
  draw();
  root.dataset.drawn = "yes";
}

/** What can be done with the answers of the whole page. */
function createYours(parent, signal) {
  const line = row(parent);
  line.classList.add("lv-yours");
  line.hidden = true;
  if (classOfPage() !== null) {
    const label = html("label", { class: "lv-control" }, line);
    html("span", { class: "lv-label", text: "My name" }, label);
    const attributes = { type: "text", class: "lv-box lv-name", autocomplete: "name", maxlength: 80 };
    const name = html("input", { ...attributes, "data-lm-suppress-shortcuts": "true" }, label);
    const show = () => name.value !== readerName() && (name.value = readerName());
    name.addEventListener("input", () => setReaderName(name.value));
    name.addEventListener("keydown", (event) => event.stopPropagation());
    onReaderName(show, signal);
    show();
  }
  const all = "All locked predictions of this page";
  button(line, { label: "Save my answers", title: `${all}, as a text file`, onpress: saveAnswers });
  button(line, { label: "Print", title: all, onpress: printAnswers });
  return line;
}

export default explorable("prediction", build, [controlsCss, css]);
