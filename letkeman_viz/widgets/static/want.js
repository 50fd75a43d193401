// When a widget is worth computing: what nobody comes near is not.

/**
 * Tell Python that this model is worth computing, once the reader is less than a screen away from `el`, where it
 * is shown: what nobody scrolls to costs neither time nor bytes. A page that is about to be printed, or that
 * says "lkv:want", wants everything.
 */
export function want(model, el, signal) {
  if (model.get("wanted")) return;
  const done = new AbortController();
  const now = () => {
    done.abort();
    if (model.get("wanted")) return;
    model.set("wanted", true);
    model.save_changes();
  };
  const near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && now(), {
    rootMargin: "100%",
  });
  near.observe(el);
  done.signal.addEventListener("abort", () => near.disconnect());
  signal.addEventListener("abort", () => done.abort());
  for (const all of ["lkv:want", "beforeprint"]) addEventListener(all, now, { signal: done.signal });
}
