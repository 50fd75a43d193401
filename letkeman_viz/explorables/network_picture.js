/** The picture of a run: its network, each layer's gradient now and over the run, the loss; of a table the answers, too. */
import { createAnswers } from "../parts/answers.js";
import { barChart, lineChart } from "../parts/chart.js";
import { tabs } from "../parts/controls.js";
import { describe, writeDescription } from "../parts/describe.js";
import { createDiagram } from "../parts/diagram.js";
import { html, setText } from "../parts/dom.js";
import { hasPart, numbersOf, partOf } from "../parts/geometry.js";
import { createLegend } from "../parts/legend.js";
import { gradientRange } from "../parts/scale.js";
import answersCss from "../parts/answers.css";
import chartCss from "../parts/chart.css";
import controlsCss from "../parts/controls.css";
import diagramCss from "../parts/diagram.css";
import legendCss from "../parts/legend.css";
import css from "./network_picture.css";

/** The style sheets of everything here. */
export const STYLES = [controlsCss, diagramCss, legendCss, chartCss, answersCss, css];

const HINT = "Point at a line or a neuron for its numbers; press it to keep them.";

/**
 * @param {import("../parts/host.js").Stage} stage
 * @param {boolean} table whether there is more than one row
 * @returns {Parameters<typeof playRun>[1]}
 */
export function networkPicture({ root, settings }, table) {
  return (parent, { goto, signal }) => {
    const [upper, under] = table ? [190, 140] : [224, 210]; // heights of charts
    const common = { signal, root, onscrub: goto };
    const grid = html("div", { class: `lv-network${table ? " lv-with-table" : ""}` }, parent);
    const left = html("div", { class: "lv-network-left" }, grid);
    const side = html("div", { class: "lv-network-side" }, grid);
    let run = null;
    let pointed = null;
    let complaint = "";
    let wasPinned = "";
    let last = [0, 0]; // step and row on the screen
    let range = gradientRange([]); // both axes fit every run that was here, and so never change under the reader's eyes
    let mostLoss = 0;

    const diagram = createDiagram(left, {
      signal, root, height: 430, onfit: (widest) => legend.draw({ widest }),
      onpin: (part) => settings.set({ pinned: numbersOf(part) }),
      onpoint(part) {
        [pointed, complaint] = [part, ""];
        drawDetail();
      },
      onrow: chooseRow,
      complain(text) {
        complaint = text;
        drawDetail();
      },
    });
    const legend = createLegend(left, { onscale: (scale) => settings.set({ scale }) });
    const hint = html("p", { class: "lv-hint" }, left);
    const barsArea = area("bars");
    // Upright on the axis of the curves beside them; lying, and so lower, on a phone.
    const bars = [upper, undefined].map((height) => barChart(barsArea, { ...common, label: "Gradient of each layer now", height }));
    const history = area("history");
    const curves = lineChart(history, { ...common, label: "Gradient of each layer over the run", height: upper });
    const answers = table ? createAnswers(area("answers"), { signal, onrow: chooseRow }) : null;
    const lower = area("lower");
    const loss = lineChart(lower, { ...common, label: "Loss over the run", height: under });
    const counts = table ? lineChart(lower, { ...common, label: "Correct rows over the run", height: under }) : null;
    const detail = area("detail");
    const scrolls = { tabindex: 0, role: "group", "aria-label": "Numbers of a neuron or a weight", "data-lm-suppress-shortcuts": "true" };
    for (const [name, value] of Object.entries(scrolls)) detail.setAttribute(name, value);
    writeDescription(detail, { title: "", lines: ["Press a neuron or a line of the network to see its numbers."] });
    const parts = [
      ...(table ? [{ label: "Answers", element: answers.element.parentElement }] : []),
      { label: "History", element: history }, { label: "Loss", element: lower }, { label: "Numbers", element: detail },
    ];
    const tabbed = tabs(side, parts);

    function area(name) {
      return html("div", { class: `lv-area lv-area-${name}` }, side);
    }
    function chooseRow(row) {
      settings.set({ row });
    }
    function drawDetail() {
      const part = pointed ?? partOf(settings.get("pinned"));
      const found = run && part && hasPart(run.sizes, part) ? describe(run, run.look(...last), part, last[1]) : null;
      side.toggleAttribute("data-detail", Boolean(found || complaint));
      if (!found && !complaint) return;
      const lines = [...(found?.lines ?? []), ...(complaint ? [complaint] : [])];
      writeDescription(detail, { title: found?.title ?? "", lines });
    }
    function drawPinned() {
      const pinned = settings.get("pinned");
      diagram.pin(pinned);
      drawDetail();
      if (pinned.length && String(pinned) !== wasPinned) tabbed.value = parts.length - 1;
      wasPinned = String(pinned);
    }
    /** Make the axes fit these runs, too. @returns {boolean} whether they had to grow */
    function grow(runs) {
      const before = String([range, mostLoss]);
      range = gradientRange(runs, range);
      for (const { loss: values } of runs)
        for (const value of values) if (value < Infinity && value > mostLoss) mostLoss = value;
      return String([range, mostLoss]) !== before;
    }
    function drawLoss() {
      const lines = [{ name: "loss", color: "--lv-ink", y: run.loss }];
      loss.draw({ title: "Loss", lines, xMax: run.last, xLabel: run.unit, y: { range: [0, mostLoss * 1.05 || 1] } });
    }
    function drawGradients() {
      const names = Array.from({ length: run.layerCount }, (_, k) => `layer ${k + 1}`);
      const lines = names.map((name, k) => ({ name, color: layerColor(k), x: run.steps, y: run.gradientCurve(k) }));
      const axes = { xMax: run.last, xLabel: run.unit, y: { log: true, range } };
      curves.draw({ title: "Gradients over the run", lines, legend: true, ...axes });
      drawBars();
    }
    function drawBars() {
      const gradient = run.gradient(last[0]);
      const all = Array.from(gradient, (value, k) => ({ name: `layer ${k + 1}`, value, color: layerColor(k) }));
      for (const chart of bars) chart.draw({ title: "Gradients now", bars: all, range });
    }
    function drawScale() {
      diagram.scale = settings.get("scale");
      legend.draw({ scale: settings.get("scale"), widest: diagram.widest, activation: run.activation });
    }
    settings.on("pinned", drawPinned);
    settings.on("scale", () => run && drawScale());

    return {
      load(next) {
        run = next;
        grow([run]);
        diagram.load(run);
        const flips = table && run.inputs.flat().every((x) => x === 0 || x === 1);
        setText(hint, `${HINT}${flips ? " Press an input to flip its bit." : ""}`);
        drawScale();
        drawPinned();
        drawGradients();
        drawLoss();
        counts?.draw({
          title: `Correct, of ${run.rows}`, legend: true,
          xMax: run.last, xLabel: run.unit, y: { range: [0, run.rows], whole: true },
          lines: [
            { name: "as presented", color: "--lv-count-2", width: 1.2, dash: [4, 2], y: presentedCurve(run) },
            { name: "after", color: "--lv-count", y: run.correct },
          ],
        });
      },
      draw(step, row) {
        last = [step, row];
        diagram.draw(step, row);
        drawBars();
        for (const chart of [curves, loss, counts]) chart?.head(step);
        answers?.draw(run, step, row);
        drawDetail();
      },
      fit(runs) {
        if (!grow(runs) || !run) return;
        drawGradients();
        drawLoss();
      },
    };
  };
}

const layerColor = (k) => `--lv-layer-${(k % 6) + 1}`;

/** How many rows were correct as presented, at each step; none at step 0. */
const presentedCurve = (run) => Float64Array.from(run.correct, (_, step) => (step === 0 ? NaN : run.presented(step)));
