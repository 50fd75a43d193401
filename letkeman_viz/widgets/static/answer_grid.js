// AnswerGrid: one button a row of the table; its two halves are the two ways to count.
import { isRight, toDecimal } from "./bits.js";
import { begin, follow, html, setText } from "./stage.js";

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-grid-box");
    const counts = html("p", { class: "lkv-counts" }, el);
    const grid = html("div", { class: "lkv-grid", role: "group", "aria-label": "The table: choose a number to show" }, el);
    html("p", {
      class: "lkv-key",
      text: "Left half of a cell: right as it was presented, before its update. Right half: right after the whole epoch. Press a number to show it in the network.",
    }, el);
    let cells = [];

    function rebuild(run) {
      grid.replaceChildren();
      cells = Array.from({ length: run.rows }, (_, row) => {
        const cell = html("button", { type: "button", class: "lkv-answer" }, grid);
        html("span", { class: "lkv-half" }, cell);
        html("span", { class: "lkv-number-name", text: toDecimal(run.inputs(row)) }, cell);
        html("span", { class: "lkv-half" }, cell);
        cell.addEventListener("click", () => view.choose(row));
        return cell;
      });
    }
    function draw(run, frame, row) {
      const presented = run.presented(frame);
      let asPresented = 0;
      cells.forEach((cell, k) => {
        const before = presented[k]; // NaN at the first frame: nothing has been presented yet
        const after = isRight(run.outputs(frame, k), run.targets(k));
        if (before === 1) asPresented++;
        const [left, right] = [before === 1 ? "yes" : before === 0 ? "no" : "none", after ? "yes" : "no"];
        if (cell.dataset.before !== left) cell.dataset.before = left;
        if (cell.dataset.after !== right) cell.dataset.after = right;
        cell.setAttribute("aria-pressed", String(k === row));
        const said = `${toDecimal(run.inputs(k))}: as presented ${left}, after the epoch ${right}`;
        if (cell.title !== said) cell.title = said;
      });
      const first = Number.isNaN(presented[0]) ? "as presented: nothing yet" : `as presented: ${asPresented} of ${run.rows} right`;
      setText(counts, `${first} · after the epoch: ${run.correctAfter[frame]} of ${run.rows}`);
    }
    const view = await follow({ model, el, host, signal }, { rebuild, draw });
  },
};
