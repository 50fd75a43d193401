// A page of a static export, which may load scripts and nothing else: data comes as a script that calls a function
// of this file. `letkemanViz` is the host of the widgets (widgets/static/host.js), written behind this.
"use strict";
{
  document.documentElement.dataset.scripts = "run"; // offline.css hides what is said to those without

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  async function unpack(base64) {
    const unpacked = new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(unpacked).json();
  }

  /** Say so in the places of the explorables that were not drawn. */
  function fail(error) {
    for (const place of document.querySelectorAll(".lk-live:not([data-drawn])"))
      place.textContent = "This part could not be drawn. Is the folder complete, and the browser newer than 2023?";
    document.body.dataset.drawn = "failed";
    console.error(error);
  }

  /** Called by the page's data; shows its explorables. */
  window.letkemanPage = async (packed) => {
    try {
      const page = { ...(await unpack(packed)), howto: "#python" };
      const places = [...document.querySelectorAll(".lk-live")];
      places.forEach((place) => place.replaceChildren());
      await letkemanViz.show(page, places);
      document.body.dataset.drawn = "true";
    } catch (error) {
      fail(error);
    }
  };

  /** Called where the page's data cannot be had. */
  window.letkemanMissing = () => fail(new Error("the data of this page is missing"));

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
