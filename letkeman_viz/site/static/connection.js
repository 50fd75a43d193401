// Says so when the page has lost its Python: for a while (it tries again by itself) or for good.
"use strict";
{
  const GRACE = 2500; // ms that a connection may be away without a word: most are back by then
  const TRY_EVERY = 4000; // ms; JupyterLab itself waits longer each time, and gives up after seven times

  /** Our kernel's connection, once Voila has made it. */
  function kernelConnection() {
    return window.jupyterapp?.widgetManager?.kernel ?? null;
  }

  /** Whether our kernel still runs: "alive", "gone", or "unknown" where the server cannot be asked. */
  async function askServer() {
    const { baseUrl, kernelId } = document.body.dataset;
    if (!kernelId) return "gone";
    try {
      const answer = await fetch(`${baseUrl.replace(/voila\/$/, "")}api/kernels/${kernelId}`, { cache: "no-store" });
      if (answer.ok) return (await answer.json()).execution_state === "dead" ? "gone" : "alive";
      // A proxy answers 502 to 504 while the server behind it is away; all else says that there is no such kernel.
      return answer.status >= 500 ? "unknown" : "gone";
    } catch {
      return "unknown";
    }
  }

  // --- The banner ----------------------------------------------------------------------------------------

  function show(text, ...buttons) {
    const banner = document.getElementById("lk-banner");
    const words = document.createElement("p");
    words.textContent = text;
    banner.replaceChildren(words, ...buttons);
    banner.hidden = false;
    banner.inert = false; // while an explorable is presented, all else is
    // Above what is being presented, which lies above everything that is not a popover.
    banner.popover = "manual";
    if (banner.matches(":popover-open")) banner.hidePopover();
    banner.showPopover();
  }

  function hide() {
    const banner = document.getElementById("lk-banner");
    if (banner.matches(":popover-open")) banner.hidePopover();
    banner.hidden = true;
  }

  function button(text, press, primary = false) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = primary ? "lk-button lk-primary" : "lk-button";
    element.textContent = text;
    element.addEventListener("click", press);
    return element;
  }

  // --- What happens --------------------------------------------------------------------------------------

  /** Whether anything on this page is computed by Python: an explorable that is alive by itself (.lv) is not. */
  const needsPython = () => document.querySelector(".lkv-explorable:not(.lv), .jupyter-widgets") !== null;

  let over = false;
  let trying = null; // handle of the next try
  let waiting = null; // handle of the first word
  let back = null; // handle of the last word

  function stopped() {
    if (over) return;
    over = true;
    settle();
    if (needsPython()) sayStopped();
    // Of one that is gone the server need not hear when the page is left. (One that it has started again must end.)
    askServer().then((state) => state === "gone" && delete document.body.dataset.kernelId);
  }

  function sayStopped() {
    const reload = button("Reload with the same settings", () => window.letkemanReload(), true);
    show("Python has stopped for this page. What is drawn still plays, but nothing new is computed.", reload);
  }

  function settle() {
    for (const handle of [trying, waiting, back]) clearTimeout(handle);
    trying = waiting = back = null;
  }

  function lost(kernel) {
    if (over || waiting) return;
    clearTimeout(back);
    waiting = setTimeout(() => {
      if (needsPython()) show("The connection to Python is lost. Trying again… What is drawn still plays.");
      attempt(kernel);
    }, GRACE);
  }

  async function attempt(kernel) {
    clearTimeout(trying);
    const state = await askServer();
    if (over || !waiting) return;
    if (state === "gone") return void stopped();
    if (state === "alive" && kernel.connectionStatus !== "connected") kernel.reconnect().catch(() => {});
    trying = setTimeout(() => attempt(kernel), TRY_EVERY);
  }

  function found() {
    if (over || !waiting) return;
    const wasSaid = !document.getElementById("lk-banner").hidden;
    settle();
    if (!wasSaid) return;
    show("Connected again.");
    back = setTimeout(hide, 3000);
  }

  function follow(kernel) {
    const react = () => {
      // A kernel that the server has started again knows nothing of this page.
      if (["dead", "restarting", "autorestarting"].includes(kernel.status)) stopped();
      else if (kernel.connectionStatus === "connected") found();
      else lost(kernel);
    };
    kernel.statusChanged.connect(react);
    kernel.connectionStatusChanged.connect(react);
    addEventListener("online", () => waiting && attempt(kernel));
    // A page out of the Back button's store, or a computer that slept: ask at once.
    const ask = async () => (await askServer()) === "gone" && stopped();
    addEventListener("pageshow", ({ persisted }) => persisted && ask());
    addEventListener("visibilitychange", () => !document.hidden && ask());
    react();
  }

  const timer = setInterval(() => {
    const kernel = kernelConnection();
    if (!kernel) return;
    clearInterval(timer);
    follow(kernel);
  }, 200);
}
