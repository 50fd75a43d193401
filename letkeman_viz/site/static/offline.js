// A page of a static export, which may load scripts and nothing else. Explorables that compute (`letkemanViz`, of
// explorables.js) stand in the page with their initial state; those that play what was recorded (`letkemanRecorded`, of
// recorded.js) get their data from a script that calls `letkemanPage`.
"use strict";
{
  document.documentElement.dataset.scripts = "run"; // offline.css hides what is for pages without scripts

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  async function unpack(base64) {
    const unpacked = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(unpacked).json();
  }

  const places = (selector) => [...document.querySelectorAll(`.lk-live${selector}`)];

  function fail(error, failed) {
    for (const place of failed)
      place.textContent = "This part could not be drawn. Is the folder complete, and the browser newer than 2023?";
    document.body.dataset.drawn = "failed";
    console.error(error);
  }

  /** Let the browser draw, and answer whoever uses the page, before the next piece of work. */
  const breathe = () => new Promise((go) => setTimeout(go));

  const isSeen = (place) => {
    const { top, bottom } = place.getBoundingClientRect();
    return bottom >= 0 && top <= innerHeight;
  };

  async function showOne(place) {
    try {
      const { name } = place.dataset;
      const state = JSON.parse(place.querySelector("script").textContent);
      place.replaceChildren();
      place.dataset.drawn = "yes"; // what comes now has a look and a size of its own
      await letkemanViz.show(name, state, place);
    } catch (error) {
      fail(error, [place]);
    }
  }

  /** Show the explorables that compute, those on the screen first. Resolved once all are drawn. */
  async function showLive() {
    const waiting = places("[data-name]");
    const shown = [];
    for (const place of [...waiting.filter(isSeen), ...waiting.filter((place) => !isSeen(place))]) {
      shown.push(showOne(place));
      await breathe();
    }
    await Promise.all(shown);
  }

  // Deferred scripts, those of the explorables, have run by then.
  const ready = new Promise((resolve) => addEventListener("DOMContentLoaded", resolve, { once: true }));
  const live = ready.then(showLive);
  let receive;
  const recorded = new Promise((resolve) => (receive = resolve));

  /** Called by the page's data; shows the explorables that were recorded. */
  window.letkemanPage = async (packed) => {
    const mine = places(":not([data-name])");
    try {
      const page = { ...(await unpack(packed)), howto: "#python" };
      await ready;
      mine.forEach((place) => place.replaceChildren());
      await letkemanRecorded.show(page, mine);
    } catch (error) {
      fail(error, mine.filter((place) => !place.dataset.drawn));
    }
    receive();
  };

  /** Called where the page's data cannot be had. */
  window.letkemanMissing = () => {
    fail(new Error("the data of this page is missing"), places(":not([data-name])"));
    receive();
  };

  ready.then(async () => {
    if ("recorded" in document.body.dataset) await recorded;
    await live;
    document.body.dataset.drawn ??= "true"; // or "failed"
  });

  // plotly.js is read when the first chart asks for it, and not for a page without one.
  let library = null;
  function readPlotly() {
    return new Promise((resolve, reject) => {
      window.letkemanPlotly = (packed) => resolve(bytesOf(packed).buffer);
      const script = document.createElement("script");
      script.src = "data/plotly.js";
      script.onerror = () => reject(new Error("data/plotly.js is missing"));
      document.head.append(script);
    });
  }
  const name = Symbol.for("letkeman_viz.plotly.bytes");
  Object.defineProperty(globalThis, name, { get: () => (library ??= readPlotly()) });
}
