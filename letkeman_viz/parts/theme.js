/** Light and dark, as the host has it. The palette is an attribute of the document; see theme.css. */

const ELEMENTS = [document.documentElement, document.body];
/** What hosts say it with: Jupyter and Voila, marimo, and ourselves (the palette). */
const ATTRIBUTES = ["data-jp-theme-light", "class", "data-theme", "data-lkv-palette"];

const dark = () => matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const jupyter = document.body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false";
  if (ELEMENTS.some((element) => element.classList.contains("dark"))) return true;
  if (ELEMENTS.some((element) => element.classList.contains("light"))) return false;
  return dark().matches;
}

/** Keep `data-theme` and `data-palette` of `root` right, and tell `lv:theme` listeners on it of every change. */
export function followTheme(root, signal) {
  function draw() {
    const theme = isDark() ? "dark" : "light";
    const palette = document.documentElement.dataset.lkvPalette === "blue" ? "blue" : "green";
    if (root.dataset.theme === theme && root.dataset.palette === palette) return;
    root.dataset.theme = theme;
    root.dataset.palette = palette;
    root.dispatchEvent(new CustomEvent("lv:theme"));
  }
  const observer = new MutationObserver(draw);
  for (const element of ELEMENTS) observer.observe(element, { attributeFilter: ATTRIBUTES });
  dark().addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  draw();
}

/** The colours of the style sheet, as a canvas takes them: `inks(root).positive` is `--lv-positive`. */
export function inks(root, names) {
  const style = getComputedStyle(root);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--lv-${name}`).trim()]));
}
