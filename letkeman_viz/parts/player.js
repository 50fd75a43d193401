/** The player: the clock of a run, counted in steps (updates or epochs), and its controls. */
import { select } from "./controls.js";
import { html, onResize, setAttribute, setText } from "./dom.js";

const SPEEDS = [1, 3, 10, 30, 100, 300]; // steps a second
const SLOW = 6; // at most, in the steps before everything is right for the first time
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab looks for it on the focused element itself
const NARROW = 520; // px
const LONGEST = 100; // ms between two ticks that count: a page that slept does not leap

/**
 * Where the clock is after `elapsed` ms.
 * @param {number} position in steps, with a fraction
 * @param {number} elapsed ms @param {number} speed steps a second @param {number} last
 * @param {[number, number] | null} slow steps between which the clock is no faster than `SLOW`
 * @returns {number} at most `last`
 */
export function advance(position, elapsed, speed, last, slow = null) {
  let left = Math.min(Math.max(elapsed, 0), LONGEST) / 1000; // a frame's time can lie before the press that started it
  if (!slow || speed <= SLOW) return Math.min(position + left * speed, last);
  const [from, to] = slow;
  for (const [end, pace] of [[from, speed], [to, SLOW], [Infinity, speed]]) {
    if (position >= end) continue;
    const needed = (end - position) / pace;
    if (needed > left) return Math.min(position + left * pace, last);
    position = end;
    left -= needed;
  }
  return Math.min(position, last);
}

const ICONS = {
  reset: ["Back to the start", "M4 4h2.5v16H4zM20 4v16L8 12z"],
  back: ["One step back", "M15.5 4v16L5 12zM17 4h2.5v16H17z"],
  play: ["Play", "M6 3.5v17L20 12z"],
  pause: ["Pause", "M5.5 4h4.5v16H5.5zM14 4h4.5v16H14z"],
  forward: ["One step forward", "M8.5 4v16L19 12zM4.5 4H7v16H4.5z"],
  end: ["To the end", "M17.5 4H20v16h-2.5zM4 4v16l12-8z"],
};

function dress(element, icon) {
  const [name, path] = ICONS[icon];
  setAttribute(element, "title", name);
  setAttribute(element, "aria-label", name);
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
}

/**
 * @typedef {object} Player
 * @property {HTMLElement} element
 * @property {number} step 0 to `last`
 * @property {boolean} playing
 * @property {(run: {last: number, unit?: string, slow?: [number, number] | null, keep?: boolean}) => void} load
 *   another run: `keep` stays at the same step (or at the end, if it stood there), else the clock goes back to 0.
 *   Always ends with `onstep`.
 * @property {(step: number) => void} goto pause and go there; nothing at all where the clock is there already
 * @property {() => void} play from the start, where it stands at the end
 * @property {() => void} pause
 * @property {(act: (playing: boolean) => void) => void} onplaying
 */

/**
 * @param {HTMLElement} parent
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {HTMLElement} options.root of the explorable: on a phone the player stays at the lower edge of the screen
 *   while any of it is visible
 * @param {string} options.unit what one step is: "epoch" or "update"
 * @param {number} [options.speed] steps a second, one of 1, 3, 10, 30, 100, 300
 * @param {(step: number) => void} options.onstep whenever the step has changed
 * @returns {Player}
 */
export function createPlayer(parent, { signal, root, unit = "epoch", speed = 30, onstep }) {
  let [position, last, slow, playing] = [0, 0, null, false];
  let before = 0; // time of the last tick
  let tick = 0; // the next one
  const listeners = [];
  const step = () => Math.floor(position);

  const element = html("div", { class: "lv-player", role: "group", "aria-label": "Player" }, parent);
  const buttons = html("div", { class: "lv-player-buttons" }, element);
  function button(icon, press) {
    const made = html("button", { type: "button", class: `lv-player-button lkv-${icon}`, ...SUPPRESS }, buttons);
    dress(made, icon);
    made.addEventListener("click", press);
    return made;
  }
  const all = [
    button("reset", () => seek(0)),
    button("back", () => seek(step() - 1)),
    button("play", () => (playing ? pause() : play())),
    button("forward", () => seek(step() + 1)),
    button("end", () => seek(last)),
  ];
  const track = html("div", { class: "lv-player-track" }, element);
  const range = { type: "range", min: 0, max: 0, step: 1, "aria-label": "Position in the run" };
  const scrub = html("input", { ...range, class: "lkv-scrub", ...SUPPRESS }, track);
  const note = html("div", { class: "lv-player-note" }, track);
  const where = html("span", { class: "lkv-where" }, element);
  const speeds = select(element, {
    label: "speed", value: speed, options: SPEEDS.map((value) => ({ value, label: `${value} per s` })),
    onchange: (value) => (speed = value),
  });
  // Keys go no further: hosts have meanings of their own for them. The page's help and leaving are not the player's.
  element.addEventListener("keydown", (event) => {
    const { altKey, ctrlKey, metaKey, key } = event;
    if (!altKey && !ctrlKey && !metaKey && !["?", "Escape", "Tab"].includes(key)) event.stopPropagation();
  });

  function draw() {
    const text = `${unit} ${step()} of ${last}`;
    scrub.value = String(step());
    setAttribute(scrub, "aria-valuetext", text);
    setText(where, text);
    const isSlow = playing && slow && speed > SLOW && position >= slow[0] && position < slow[1];
    setText(note, isSlow ? "slow: about to get everything right" : "");
  }
  function move(to) {
    const from = step();
    position = to;
    draw();
    if (step() !== from) onstep(step());
  }
  function setPlaying(value) {
    if (playing === value) return;
    playing = value;
    cancelAnimationFrame(tick);
    dress(all[2], playing ? "pause" : "play");
    draw();
    for (const act of listeners) act(playing);
    if (!playing) return;
    before = performance.now();
    tick = requestAnimationFrame(run);
  }
  function run(now) {
    if (!playing) return;
    const to = advance(position, now - before, speed, last, slow);
    before = now;
    move(to);
    if (!playing) return; // someone who heard of the step has paused
    if (position >= last) setPlaying(false);
    else tick = requestAnimationFrame(run);
  }
  function play() {
    if (last === 0 || signal.aborted) return;
    if (position >= last) move(0);
    setPlaying(true);
  }
  const pause = () => setPlaying(false);
  function seek(to) {
    pause();
    move(Math.min(Math.max(Math.round(to), 0), last));
  }
  function load(run) {
    adopt(run);
    onstep(step());
  }
  function adopt({ last: newLast, unit: newUnit = unit, slow: newSlow = null, keep = false }) {
    const atEnd = last > 0 && position >= last;
    [last, unit, slow] = [newLast, newUnit, newSlow];
    if (!keep) position = 0;
    else position = atEnd ? last : Math.min(position, last);
    if (position === 0 || position === last) pause();
    scrub.max = String(last);
    where.style.minWidth = `${unit.length + 2 * String(last).length + 4}ch`; // the track keeps its length
    speeds.element.title = `${unit}s per second`;
    for (const control of [...all, scrub]) control.disabled = last === 0;
    draw();
  }

  scrub.addEventListener("input", () => seek(Number(scrub.value)));
  let pressed = null; // what a swipe that turns out to scroll the page gives back
  scrub.addEventListener("pointerdown", () => (pressed = { position, playing }));
  scrub.addEventListener("pointercancel", () => {
    if (!pressed) return;
    move(pressed.position);
    setPlaying(pressed.playing);
  });
  document.addEventListener("lkv:leave-stage", pause, { signal });
  signal.addEventListener("abort", () => cancelAnimationFrame(tick));
  if (root) stayVisible(element, root, signal);
  adopt({ last: 0 });
  return {
    element, load, play, pause,
    goto: (to) => to !== step() && seek(to),
    get step() { return step(); },
    get playing() { return playing; },
    onplaying: (act) => listeners.push(act),
  };
}

/** On a phone the player is the last child of its explorable: only there `sticky` holds it while the rest scrolls. */
function stayVisible(element, root, signal) {
  const place = document.createComment("player");
  element.before(place);
  onResize(root, (width) => {
    const narrow = width <= NARROW;
    if (narrow === "narrow" in element.dataset) return;
    element.toggleAttribute("data-narrow", narrow);
    if (narrow) root.append(element);
    else place.after(element);
  }, signal);
}
