// A reload that keeps what is set on the page: every control's value, by its place, and where the page was read.
//
// What is set travels in the history entry of the page (history.state), which outlives a reload and nothing else.
// The playground keeps its state in the address as well; there this finds little left to do.
"use strict";
{
  const PATIENCE = 60_000; // ms in which a page may come to rest after a reload
  const REST = 5000; // ms without a difference: it has; a run trained anew sets its player back to the start
  const TRIES = 6; // of one control: what Python refuses six times it will refuse again
  const LOOK_EVERY = 250; // ms

  const CONTROLS = [
    ".widget-toggle-buttons .widget-toggle-button",
    ".widget-toggle-button",
    "input:not([type=file], [type=button], [readonly])",
    "select",
    "textarea:not([readonly])",
    "button[aria-pressed]",
  ].join(", ");

  /** Controls of the page in its order. Those that ask for nothing of Python, or hold no value, are left alone. */
  const found = () => [...document.querySelectorAll("main .jp-OutputArea-output")].flatMap((output) =>
    [...output.querySelectorAll(CONTROLS)].filter((e) => !e.closest(".lkv-tools, .lkv-share, [data-miniature]")),
  );

  const isButton = (control) => control.matches("button");
  const isTicked = (control) => control.matches("[type=checkbox], [type=radio]");

  function read(control) {
    if (isButton(control)) return control.classList.contains("mod-active") || control.ariaPressed === "true";
    return isTicked(control) ? control.checked : control.value;
  }

  function write(control, value) {
    if (isButton(control) || isTicked(control)) return void control.click();
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** What a control is called where it stands: its kind, its name, and which of several such it is. */
  function named(controls) {
    const counts = new Map();
    return controls.map((control) => {
      const output = [...document.querySelectorAll("main .jp-OutputArea-output")].findIndex((o) => o.contains(control));
      const label = control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.title;
      const text = isButton(control) ? control.textContent.trim() : label;
      const name = [output, control.localName, control.type, text].join("|");
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return [`${name}|${counts.get(name)}`, control];
    });
  }

  // --- Before the reload ---------------------------------------------------------------------------------

  /** What every control of the page is set to. */
  window.letkemanControls = () => Object.fromEntries(named(found()).map(([name, control]) => [name, read(control)]));

  window.letkemanReload = () => {
    history.replaceState({ ...history.state, letkeman: { values: letkemanControls(), top: scrollY } }, "");
    location.reload();
  };

  // --- After it ------------------------------------------------------------------------------------------

  /** Whether the page shows what was set. A button that is not pressed needs no press: another one of its group is. */
  const agrees = (control, value) => read(control) === value || ((isButton(control) || control.type === "radio") && !value);

  /** A run's position can be put back only once the run is as long as it was. */
  const canHold = (control, value) => control.type !== "range" || Number(control.max) >= Number(value);

  function restore({ values, top }) {
    const tries = new Map();
    const deadline = performance.now() + PATIENCE;
    let agreed = performance.now();
    const end = () => {
      clearInterval(timer);
      for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, end, true);
    };
    const timer = setInterval(() => {
      dispatchEvent(new Event("lkv:want")); // a run that nobody has come near to could not hold its position
      const differ = named(found()).filter(([name, control]) =>
        name in values && !agrees(control, values[name]) && (tries.get(name) ?? 0) < TRIES);
      // One at a time, in the order of the page: what one sets may change, or bring, those behind it.
      const next = differ.find(([name, control]) => !control.disabled && canHold(control, values[name]));
      const now = performance.now();
      if (next) {
        const [name, control] = next;
        tries.set(name, (tries.get(name) ?? 0) + 1);
        write(control, values[name]);
      }
      if (differ.length) agreed = now; // some wait for a run that is still being computed
      if (now - agreed > REST || now > deadline) end();
    }, LOOK_EVERY);
    // Whoever takes hold of the page has the last word.
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, end, { capture: true });
    scrollTo({ top, behavior: "instant" });
  }

  addEventListener("letkeman:drawn", () => {
    const { letkeman, ...others } = history.state ?? {};
    if (!letkeman) return;
    history.replaceState(others, ""); // the next reload is a plain one
    restore(letkeman);
  });
}
