// RaceRanking: who was first, second, ..., at the step on the clock.
import { formatNumber } from "./format.js";
import { followRace } from "./race_entries.js";
import { swatch } from "./race_parts.js";
import { ordinal, standings } from "./race_standings.js";
import { begin, html, setText, throttle } from "./stage.js";

const RANK_EVERY = 250; // ms: rows that change places must be followed by eye

function buildTable(el) {
  const table = html("table", { class: "lkv-table" }, el);
  const caption = html("caption", {}, table);
  const head = html("tr", {}, html("thead", {}, table));
  const headings = ["place", "scheme", "all right after", "right now", "loss"].map((text) => html("th", { scope: "col", text }, head));
  return { caption, headings, body: html("tbody", {}, table) };
}

function buildRow(body, name, style) {
  const line = html("tr", {}, body);
  const place = html("td", {}, line);
  const scheme = html("th", { scope: "row" }, line);
  swatch(scheme, style);
  html("span", { text: name }, scheme);
  return [place, ...[1, 2, 3].map(() => html("td", {}, line))];
}

export default {
  async render({ model, el, host, signal }) {
    begin(el, "lkv-ranking");
    const { caption, headings, body } = buildTable(el);
    let styles = [];
    let order = "";
    let rows = [];
    let now = null;
    const write = throttle(() => {
      if (signal.aborted) return;
      const [runs, step, last] = now;
      const unit = runs[0].one_example ? "update" : "epoch";
      const placed = standings(runs, step);
      const names = placed.map(({ index }) => `${styles[index]}${runs[index].label}`).join();
      if (order !== names) {
        order = names;
        body.replaceChildren();
        rows = placed.map(({ index }) => buildRow(body, runs[index].label, styles[index]));
      }
      setText(caption, `Ranking after ${unit} ${step}`);
      placed.forEach((one, k) => {
        const never = step >= last || one.ended ? "not reached" : "not yet";
        const solved = one.solvedAt === null ? never : `${unit} ${one.solvedAt}`;
        const texts = [ordinal(one.place), solved, `${one.right}/${runs[one.index].rows}`, formatNumber(one.loss)];
        texts.forEach((text, c) => setText(rows[k][c], text));
      });
    }, RANK_EVERY);
    function rebuild(runs, wanted) {
      styles = wanted;
      setText(headings[2], runs[0].rows === 1 ? "right after" : `all ${runs[0].rows} right after`);
      el.dataset.drawn = "yes";
    }
    function draw(...at) {
      now = at;
      write();
    }
    await followRace({ model, host, signal }, { rebuild, draw });
  },
};
