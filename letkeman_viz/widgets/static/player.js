// Player: one clock for everything that shows a run, and the controls of that clock.
//
// The position is the model's `frame`: whoever wants to follow it listens to "change:frame", whoever
// wants to move it sets it. None of that passes through the kernel.
import { begin, html, setText, throttle } from "./stage.js";

const SPEEDS = [1, 5, 15, 30, 60, 120];
const TELL_KERNEL_EVERY = 200; // ms

/** Where the clock is after `elapsed` ms: [position, whether it goes on]. */
export function advance(position, elapsed, speed, last) {
  // A page that slept does not leap; a frame's time can lie just before the press that started it.
  const next = position + (Math.min(Math.max(elapsed, 0), 100) / 1000) * speed;
  return next >= last ? [last, false] : [next, true];
}

function runClock(model) {
  let position = model.get("frame"); // with the fraction that `frame` has not
  let before = 0; // time of the last tick
  let next = 0; // handle of the next tick
  const last = () => model.get("steps").length - 1;
  let lastBefore = last(); // of the recording before
  // Never at once: saving inside a change event would set the model back to the state saved before.
  const tell = throttle(() => model.save_changes(), TELL_KERNEL_EVERY);

  function tick(now) {
    if (!model.get("playing")) return;
    const [reached, goesOn] = advance(position, now - before, model.get("speed"), last());
    before = now;
    position = reached;
    model.set("frame", Math.floor(position));
    if (goesOn) next = requestAnimationFrame(tick);
    else model.set("playing", false);
  }
  model.on("change:frame", () => {
    if (model.get("frame") !== Math.floor(position)) position = model.get("frame");
    tell();
  });
  model.on("change:playing", () => {
    tell();
    cancelAnimationFrame(next);
    if (!model.get("playing")) return;
    if (position >= last()) model.set("frame", (position = 0));
    before = performance.now();
    next = requestAnimationFrame(tick);
  });
  model.on("change:speed", tell);
  model.on("change:_loads", () => {
    if (model.get("_keeps")) position = position >= lastBefore ? last() : Math.min(position, last());
    else position = 0;
    lastBefore = last();
    if (position === 0 || position === last()) model.set("playing", false);
    model.set("frame", Math.floor(position));
    tell();
  });
}

const ICONS = {
  reset: "M4 4h2.5v16H4zM20 4v16L8 12z",
  back: "M15.5 4v16L5 12zM17 4h2.5v16H17z",
  play: "M6 3.5v17L20 12z",
  pause: "M5.5 4h4.5v16H5.5zM14 4h4.5v16H14z",
  forward: "M8.5 4v16L19 12zM4.5 4H7v16H4.5z",
};

function name(element, text) {
  if (element.title === text) return;
  element.title = text;
  element.setAttribute("aria-label", text);
}

function button(parent, icon, text, press) {
  const element = html("button", { type: "button", class: `lkv-button lkv-${icon}` }, parent);
  name(element, text);
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
  element.addEventListener("click", press);
  return element;
}

export default {
  initialize({ model }) {
    runClock(model);
  },
  render({ model, el }) {
    const last = () => model.get("steps").length - 1;
    function seek(frame) {
      model.set("playing", false);
      model.set("frame", Math.min(Math.max(frame, 0), last()));
    }
    begin(el, "lkv-player");
    const bar = html("div", { class: "lkv-player-bar", role: "group", "aria-label": "Player" }, el);
    button(bar, "reset", "Back to the start", () => seek(0));
    const back = button(bar, "back", "One step back", () => seek(model.get("frame") - 1));
    const toggle = button(bar, "play", "Play", () => model.set("playing", !model.get("playing")));
    const forward = button(bar, "forward", "One step forward", () => seek(model.get("frame") + 1));
    const scrub = html("input", { type: "range", min: 0, step: 1, class: "lkv-scrub", "aria-label": "Position in the run" }, bar);
    scrub.addEventListener("input", () => seek(Number(scrub.value)));
    const where = html("span", { class: "lkv-where" }, bar);
    const speedLabel = html("label", { class: "lkv-speed", text: "speed " }, bar);
    const speed = html("select", {}, speedLabel);
    for (const value of SPEEDS) html("option", { value, text: `${value} per s` }, speed);
    speed.addEventListener("change", () => model.set("speed", Number(speed.value)));

    function draw() {
      const steps = model.get("steps");
      const frame = Math.min(model.get("frame"), last());
      const text = `${model.get("unit")} ${steps[frame]} of ${steps.at(-1)}`;
      scrub.max = String(last());
      scrub.value = String(frame);
      scrub.setAttribute("aria-valuetext", text);
      setText(where, text);
      const jump = (steps[1] ?? 1) - steps[0]; // a long run keeps every second frame, or every fourth, ...
      const far = jump === 1 ? "One step" : `${jump} ${model.get("unit")}s`;
      for (const [element, way] of [[back, "back"], [forward, "forward"]]) name(element, `${far} ${way}`);
      toggle.disabled = scrub.disabled = steps.length < 2;
    }
    function drawState() {
      const playing = model.get("playing");
      name(toggle, playing ? "Pause" : "Play");
      toggle.querySelector("path").setAttribute("d", playing ? ICONS.pause : ICONS.play);
      const wanted = model.get("speed");
      speed.value = String(SPEEDS.reduce((best, s) => (Math.abs(s - wanted) < Math.abs(best - wanted) ? s : best)));
    }
    model.on("change:frame change:steps change:unit", draw);
    model.on("change:playing change:speed", drawState);
    draw();
    drawState();
  },
};
