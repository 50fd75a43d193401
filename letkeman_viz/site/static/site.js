// Runs first in every page of the site, before anything is painted: theme, palette, and what has been read.
//
// A plain script, not a module: pages opened from a file may load it too.
"use strict";
{
  const THEME = "letkeman_viz.theme"; // "light", "dark", or nothing: as the system
  const PALETTE = "letkeman_viz.palette"; // as explorables/page_tools.js writes it: "green" or "blue"
  const PROGRESS = "letkeman_viz.progress"; // {file name of a chapter: "begun" or "read"}

  /** What the browser remembers under a name; null where it remembers nothing, or refuses to. */
  function remembered(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function remember(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, value);
    } catch {
      // Storage can be forbidden; then the choice holds until the page is left.
      console.info("This browser does not let the page remember its settings.");
    }
  }

  // --- Theme ---------------------------------------------------------------------------------------------
  // As the visitor's system is set, or as they chose here; ?theme=light or ?theme=dark in a link overrules both
  // until they choose.

  const isTheme = (name) => name === "light" || name === "dark";
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  let asked = new URLSearchParams(location.search).get("theme");
  let chosen = remembered(THEME);

  /** Make the page light or dark, in the way JupyterLab does, so that widgets find what they expect. */
  function applyTheme() {
    const wanted = [asked, chosen].find(isTheme) ?? (systemDark.matches ? "dark" : "light");
    const dark = wanted === "dark" && !paper.matches;
    document.getElementById("theme-light").media = dark ? "not all" : "all";
    document.getElementById("theme-dark").media = dark ? "all" : "not all";
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    if (!document.body) return;
    document.body.dataset.jpThemeLight = String(!dark);
    document.body.dataset.jpThemeName = dark ? "JupyterLab Dark" : "JupyterLab Light";
    for (const input of document.querySelectorAll("input[name=lk-theme]"))
      input.checked = input.value === ([asked, chosen].find(isTheme) ?? "system");
  }

  function chooseTheme(name) {
    chosen = isTheme(name) ? name : null;
    remember(THEME, chosen);
    if (asked !== null) forgetAsked();
    applyTheme();
  }

  /** From now on the choice made here holds, after a reload too. */
  function forgetAsked() {
    asked = null;
    const address = new URL(location.href);
    address.searchParams.delete("theme");
    history.replaceState(history.state, "", address);
  }

  // --- Palette -------------------------------------------------------------------------------------------

  /** As page_tools.js does: every sign colour is a style sheet variable that depends on this attribute. */
  function applyPalette(name) {
    if (name === "blue") document.documentElement.dataset.lkvPalette = "blue";
    else delete document.documentElement.dataset.lkvPalette;
    for (const input of document.querySelectorAll("input[name=lk-palette]"))
      input.checked = input.value === (name === "blue" ? "blue" : "green");
  }

  // --- Progress ------------------------------------------------------------------------------------------

  /** What has been read, by chapter; whatever else may be stored under our name counts as nothing. */
  function progress() {
    try {
      return { ...JSON.parse(remembered(PROGRESS)) };
    } catch {
      return {};
    }
  }

  /** Note that a chapter is "begun" or "read". What is read stays read. */
  function note(chapter, how) {
    const known = progress();
    if (known[chapter] === how || known[chapter] === "read") return;
    remember(PROGRESS, JSON.stringify({ ...known, [chapter]: how }));
    showProgress();
  }

  function showProgress() {
    const known = progress();
    for (const element of document.querySelectorAll("[data-chapter]:not(body)")) {
      const how = { begun: "begun", read: "read" }[known[element.dataset.chapter]] ?? "";
      element.dataset.progress = how;
      const mark = element.querySelector(".lk-mark");
      if (mark) mark.textContent = { begun: "begun", read: "read ✓" }[how] ?? "";
    }
    goOn(known);
  }

  /** The landing page's first button leads to the first chapter that is not read yet, once something is. */
  function goOn(known) {
    const button = document.querySelector("[data-continue]");
    const cards = [...document.querySelectorAll(".lk-chapters [data-chapter]")];
    const next = cards.findIndex(({ dataset }) => known[dataset.chapter] !== "read");
    if (!button || next < 0 || !cards.some(({ dataset }) => known[dataset.chapter])) return;
    button.href = cards[next].querySelector("a").href;
    button.textContent = `Go on with chapter ${next + 1}`;
  }

  // --- Header --------------------------------------------------------------------------------------------

  /** The menu closes like a menu: with Escape, and when something else is pressed. */
  function bindMenu(details) {
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      details.open = false;
      details.querySelector("summary").focus();
    });
    addEventListener("pointerdown", (event) => {
      if (!details.contains(event.target)) details.open = false;
    });
    details.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
    });
  }

  function bindChoices(selector, name, choose) {
    const group = document.querySelector(selector);
    if (!group) return;
    group.addEventListener("change", (event) => event.target.name === name && choose(event.target.value));
    group.hidden = false; // without scripts there is nothing to choose
  }

  /** A formula, a table or code wider than the page scrolls by itself: the keyboard must be able to get there. */
  function letScrollersBeReached(main) {
    for (const wide of main.querySelectorAll(".jp-MarkdownOutput :is(pre, table, mjx-container[display=true], .lk-formula)")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else wide.removeAttribute("tabindex");
    }
  }

  /** A chapter is begun when its page is opened, and read when its end has been on the screen. */
  function watchReading(end) {
    const chapter = document.body.dataset.chapter;
    note(chapter, "begun");
    if (!end) return;
    new IntersectionObserver(([entry], observer) => {
      if (!entry.isIntersecting) return;
      note(chapter, "read");
      observer.disconnect();
    }).observe(end);
  }

  /** Do `action` as soon as the body exists, before anything in it is drawn. */
  function whenBodyExists(action) {
    new MutationObserver((_, observer) => {
      if (!document.body) return;
      observer.disconnect();
      action();
    }).observe(document.documentElement, { childList: true });
  }

  applyTheme();
  applyPalette(remembered(PALETTE));
  for (const query of [systemDark, paper]) query.addEventListener("change", applyTheme);
  whenBodyExists(applyTheme);

  /** Called by the header's own script, so that its switches are right in the first paint. */
  window.letkemanHeader = () => {
    bindChoices(".lk-theme", "lk-theme", chooseTheme);
    document.querySelectorAll(".lk-menu details").forEach(bindMenu);
    applyTheme();
    showProgress();
  };

  addEventListener("DOMContentLoaded", () => {
    const main = document.querySelector("main");
    // The size of the page changes whenever a formula is set or the window is.
    new ResizeObserver(() => letScrollersBeReached(main)).observe(main);
    bindChoices(".lk-palette", "lk-palette", (name) => {
      applyPalette(name);
      remember(PALETTE, name);
    });
    applyPalette(remembered(PALETTE));
    showProgress();
    if (document.body.dataset.chapter) watchReading(document.querySelector(".lk-neighbours"));
  });

  // Several tabs of one browser agree.
  addEventListener("storage", ({ key, newValue }) => {
    if (key === THEME) {
      chosen = newValue;
      applyTheme();
    }
    if (key === PALETTE) applyPalette(newValue);
    if (key === PROGRESS) showProgress();
  });
  // A page that comes back by the Back button shows what has changed meanwhile.
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    chosen = remembered(THEME);
    applyTheme();
    applyPalette(remembered(PALETTE));
    showProgress();
  });
}
