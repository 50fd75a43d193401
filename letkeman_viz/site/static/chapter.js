// A chapter's page while its Python starts, and when it is left.
"use strict";
{
  /** The bytes at an address of ours; a promise that is refused where they cannot be had. */
  window.letkemanFetch = async (address) => {
    const answer = await fetch(address, { priority: "low" });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.arrayBuffer();
  };

  /** Say `text` in the status line. */
  function say(text) {
    document.getElementById("lk-status").textContent = text;
  }

  /**
   * Tell JupyterLab's scripts which kernel is ours.
   *
   * They read the first #jupyter-config-data, which was sent before there was a kernel, and what they do not find
   * there in the body's data. The kernel's name is in the second.
   */
  function adoptKernel() {
    const [, config] = document.querySelectorAll("#jupyter-config-data");
    document.body.dataset.kernelId = JSON.parse(config.textContent).kernelId;
  }

  /** The chapter's own title and first words take the place of those that were sent ahead, between two paints. */
  function takeOver() {
    const [sent, own] = document.querySelectorAll("main h1");
    const text = (heading) => heading?.textContent.replace("¶", "").trim();
    if (own && text(own) === text(sent)) {
      sent.id = own.id;
      const cell = own.closest("[cell-index]");
      own.remove();
      if (cell && !cell.textContent.replace(/voila_process\(.*\)/, "").trim()) cell.hidden = true;
    }
    const opening = document.getElementById("lk-opening");
    if (document.querySelector("main .jp-MarkdownOutput p")) opening?.remove();
  }

  // Voila's page calls these: before each cell, and when one takes long; the end of the page calls the third.
  window.voila_process = (cell, count) => {
    if (!document.body.dataset.kernelId) adoptKernel();
    takeOver();
    say(`Preparing this page: part ${cell} of ${count}…`);
  };
  window.voila_heartbeat = () => say("Still working: Python is loading its libraries…");
  window.voila_finish = () => {
    takeOver();
    say("Drawing…");
    hideStatusWhenDrawn();
  };

  // The end of the page calls this where the server could not finish it.
  window.letkemanFailed = () => say("Python could not be started for this page. Reload it to try again.");

  /** Whether every cell's output has been handed to a renderer, and every widget has replaced its placeholder. */
  function isDrawn() {
    if (document.querySelector('script[type="application/vnd.voila.cell-output+json"]')) return false;
    const outputs = document.querySelectorAll(".jp-OutputArea-output");
    return [...outputs].every((output) => output.textContent !== "Loading widget...");
  }

  /** Take the status line away when the page is drawn. */
  function hideStatusWhenDrawn() {
    const patience = performance.now() + 60_000;
    const timer = setInterval(() => {
      if (!isDrawn()) {
        if (performance.now() < patience) return;
        clearInterval(timer);
        say("A part of this page could not be drawn. Reload it to try again.");
        return;
      }
      clearInterval(timer);
      document.getElementById("lk-status").hidden = true;
      document.body.dataset.drawn = "true";
      dispatchEvent(new Event("letkeman:drawn"));
    }, 100);
  }

  // --- Leaving -------------------------------------------------------------------------------------------
  // Voila ends the kernel at beforeunload. Telephones never send that; other browsers send it for pages that are
  // then kept for the Back button, or not left at all. So ours comes first and keeps it from Voila's, and the kernel
  // is ended when the page is really gone. (One whose page was kept and never came back is ended as idle.)

  const tell = (what) => {
    const { baseUrl, kernelId } = document.body.dataset;
    if (kernelId) navigator.sendBeacon(`${baseUrl}api/${what}/${kernelId}`);
  };
  addEventListener("beforeunload", (event) => {
    event.stopImmediatePropagation();
    // The next page is asked for before this one is gone. A server that is full must know that we change places.
    tell("leaving");
  });
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) tell("shutdown");
  });
}
