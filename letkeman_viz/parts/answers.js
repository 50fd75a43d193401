/** Which rows of the table are correct: a big count, and one cell a row to press. */
import { isRight, toDecimal } from "./bits.js";
import { html, setAttribute, setText } from "./dom.js";

const MOST_CELLS = 128; // a larger table has its count only

/** What a row is called: the number its inputs read as, or its place in the table. */
function nameOf(run, row) {
  const bits = run.inputs[row].every((value) => value === 0 || value === 1);
  return String(bits ? toDecimal(run.inputs[row]) : row + 1);
}

/**
 * @param {HTMLElement} parent
 * @param {{ onrow: (row: number) => void }} options called with a row that was pressed
 * @returns {{ element: HTMLElement, draw: (run: import("./run.js").Run, step: number, row: number) => void }}
 */
export function createAnswers(parent, { onrow }) {
  const element = html("div", { class: "lv-answers" }, parent);
  const counts = html("div", { class: "lv-answers-counts" }, element);
  const big = html("p", { class: "lv-answers-big" }, counts);
  const after = html("span", {}, big);
  const all = html("span", { class: "lv-answers-of" }, big);
  html("p", { class: "lv-answers-key", "data-after": "yes", text: "correct after the epoch" }, counts);
  const before = html("p", { class: "lv-answers-key", "data-presented": "yes" }, counts);
  const label = "The table: choose a row to show";
  const cells = html("div", { class: "lv-answers-cells", role: "group", "aria-label": label }, element);
  let buttons = [];
  let shape = "";

  function build(run) {
    cells.replaceChildren();
    cells.hidden = run.rows > MOST_CELLS;
    const common = { type: "button", class: "lv-answer", "data-lm-suppress-shortcuts": "true" };
    buttons = cells.hidden ? [] : run.inputs.map((_, row) => {
      const cell = html("button", { ...common, text: nameOf(run, row) }, cells);
      cell.addEventListener("click", () => onrow(row));
      return cell;
    });
  }

  return {
    element,
    draw(run, step, row) {
      const inputs = run.inputs.join(";");
      if (inputs !== shape) build(run);
      shape = inputs;
      setText(after, String(run.correct[step]));
      setText(all, ` / ${run.rows}`);
      setText(before, step === 0 ? "as presented: none yet" : `${run.presented(step)} as presented`);
      buttons.forEach((cell, k) => {
        const presented = step > 0 && run.wasRight(step, k) ? "yes" : "no";
        const now = isRight(run.outputs(step, k), run.targets[k]) ? "yes" : "no";
        setAttribute(cell, "data-presented", presented);
        setAttribute(cell, "data-after", now);
        setAttribute(cell, "aria-pressed", String(k === row));
        const words = { yes: "correct", no: "wrong" };
        const first = step === 0 ? "not presented yet" : `${words[presented]} as presented`;
        setAttribute(cell, "title", `${cell.textContent}: ${first}, ${words[now]} after the epoch`);
      });
    },
  };
}
