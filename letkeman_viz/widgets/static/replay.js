// What a kernel would answer, from recordings: for the controls that were recorded, what every model of the page
// was for each of their values. What was not recorded is refused, in words. (recorder.py makes the recordings.)

const FILM_PAUSE = 130; // ms between two pictures of something that is watched while it is worked out

/** A recorded value as JavaScript has it: bytes as DataView, shared parts in their places, each use a copy. */
function unpack(encoded, shared) {
  if (encoded === null || typeof encoded !== "object") return encoded;
  if (Array.isArray(encoded)) return encoded.map((part) => unpack(part, shared));
  if (typeof encoded.$bytes === "string")
    return new DataView(Uint8Array.from(atob(encoded.$bytes), (c) => c.charCodeAt(0)).buffer);
  if (typeof encoded.$part === "number") return unpack(shared[encoded.$part], shared);
  return Object.fromEntries(Object.entries(encoded).map(([key, part]) => [key, unpack(part, shared)]));
}

/** `value` with `from` in its texts replaced. */
function reworded(value, from, to) {
  if (typeof value === "string") return value.replaceAll(from, to);
  return Array.isArray(value) ? value.map((part) => reworded(part, from, to)) : value;
}

/**
 * The recordings of a page.
 *
 * An axis is a control with its recorded values (or something a button moves); `page.groups` say for every
 * combination of some axes what the traits are that depend on them. `on.model(id)` finds a model,
 * `on.refuse(id, text)` tells the reader what cannot be had, `on.accept(id)` that all is well again.
 */
export function replayer(page, on) {
  const { axes, groups, moves, presses, links, subsets, needs, files } = page;
  const place = (id, trait) => `${id}.${trait}`;
  const at = Object.fromEntries(Object.entries(axes).map(([key, { start }]) => [key, start]));
  const axisOf = new Map(Object.entries(axes).map(([key, { model, trait }]) => [place(model, trait), key]));
  const subsetOf = new Map(subsets.flatMap((subset) => subset.boxes.map((id) => [id, subset])));
  const linked = new Map(links.flatMap((ends) => ends.map(([id, trait]) => [place(id, trait), ends])));
  const known = new Map(); // place -> the value that stands, to go back to
  const shown = new Map(); // place -> which recorded value that is
  const whole = new Map(); // place -> all entries of a list of which some are chosen
  const filtered = new Map();
  for (const subset of subsets) {
    for (const [id, trait] of subset.lists) filtered.set(place(id, trait), subset);
    for (const id of subset.figures) filtered.set(place(id, "_figure"), subset);
  }
  let ticket = 0; // of the newest change; a film of an older one stops

  function stateOf(id) {
    const state = {};
    for (const [trait, value] of Object.entries(page.models[id].state)) {
      state[trait] = unpack(page.values[value], page.parts);
      known.set(place(id, trait), state[trait]);
      shown.set(place(id, trait), value);
      if (filtered.has(place(id, trait))) whole.set(place(id, trait), state[trait]);
    }
    return state;
  }
  const nameOf = (source) => source.get("description") || "This";

  function takeBack(source, name, text) {
    source.receive({ [name]: known.get(place(source.id, name)) });
    on.refuse(source.id, text);
  }

  // --- Subsets: who takes part is chosen among recorded runs, which needs nothing new

  const ticked = (subset) => subset.boxes.map((id) => known.get(place(id, "value")));
  function part(subset, value) {
    const kept = (list) => list.filter((_, k) => ticked(subset)[k]);
    return Array.isArray(value) ? kept(value) : { ...value, data: kept(value.data) };
  }
  /** Which of all entries the page means by its k-th, and the other way round; -1 for none. */
  const places = (subset) => [...ticked(subset).keys()].filter((k) => ticked(subset)[k]);
  const chooser = new Map(subsets.flatMap((subset) => Object.keys(subset.resets).map((key) => [key, subset])));
  const inward = (key, k) => (chooser.has(key) && k >= 0 ? places(chooser.get(key))[k] : k);
  const outward = (key, k) => (chooser.has(key) && k >= 0 ? places(chooser.get(key)).indexOf(k) : k);

  function tick(subset, source) {
    known.set(place(source.id, "value"), source.get("value"));
    const left = ticked(subset).filter(Boolean).length;
    if (left < subset.fewest) {
      known.set(place(source.id, "value"), true);
      return source.receive({ value: true });
    }
    go(subset.resets, source);
    for (const id of subset.boxes)
      on.model(id).receive({ disabled: left <= subset.fewest && known.get(place(id, "value")) });
    const changes = new Map();
    for (const [where, of] of filtered) {
      if (of !== subset || !whole.has(where)) continue;
      const [id, trait] = where.split(".");
      changes.set(id, { ...changes.get(id), [trait]: part(subset, whole.get(where)) });
    }
    changes.forEach((values, id) => on.model(id).receive(values));
  }

  // --- Combinations

  const indexIn = (group, combination) =>
    group.axes.reduce((index, key) => index * axes[key].values.length + combination[key], 0);
  const holds = (group, combination) => group.when.every(([key, k]) => combination[key] === k);

  /** Where the axes go when some are moved: some of them move others. */
  function follow(wishes, button) {
    const combination = { ...at, ...wishes };
    for (const group of groups)
      for (const key of group.axes)
        if (axes[key].fleeting && !(key in wishes) && group.axes.some((other) => other in wishes)) combination[key] = 0;
    for (const move of moves) {
      if (move.on !== button && !(move.on in wishes)) continue;
      const to = move.to[move.reads.map((key) => combination[key]).join()];
      if (!to) return null; // to where nothing was recorded
      Object.assign(combination, to);
    }
    return combination;
  }

  /** What stands in recorded texts for a number that was not among the recorded ones, and that number. */
  function wordsOf(rows, combination) {
    const keys = rows.flatMap(({ group }) => group.axes);
    const key = keys.find((name) => combination[name] === axes[name].other);
    if (key === undefined) return null;
    const { model, trait, values, other } = axes[key];
    return { from: String(values[other]), to: String(on.model(model).get(trait)) };
  }

  /** Bring the page to other places on its axes; false where that was not recorded. */
  function go(wishes, source, button = null) {
    const combination = follow(wishes, button);
    if (!combination) return false;
    const moved = new Set(Object.keys(axes).filter((key) => combination[key] !== at[key] || key in wishes));
    const rows = groups
      .filter((group) => group.axes.some((key) => moved.has(key)) && holds(group, combination))
      .map((group) => ({ group, index: indexIn(group, combination) }));
    if (!rows.every(({ group, index }) => group.effects.every(([, , values]) => values[index] >= 0))) return false;
    Object.assign(at, combination);
    const mine = ++ticket;
    on.accept(source.id);
    const changes = new Map();
    for (const key of moved) {
      const { model, trait, values, other } = axes[key];
      if (!model) continue;
      put(changes, model, trait, combination[key] === other ? on.model(model).get(trait) : outward(key, values[combination[key]]));
    }
    receive(changes);
    const last = rows.flatMap(({ group, index }) => group.effects.map(([id, trait, values]) => [id, trait, values[index]]));
    const film = rows.map(({ group, index }) => group.films[index]).find(Boolean) ?? [];
    if (film.length && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(film, last, mine);
    else apply(last, wordsOf(rows, combination));
    return true;
  }
  async function play(film, last, mine) {
    for (const picture of film) {
      apply(picture);
      await new Promise((next) => setTimeout(next, FILM_PAUSE));
      if (mine !== ticket) return;
    }
    apply(last);
  }

  function put(changes, id, trait, value) {
    const where = place(id, trait);
    known.set(where, value);
    const subset = filtered.get(where);
    if (subset) whole.set(where, value);
    changes.set(id, { ...changes.get(id), [trait]: subset ? part(subset, value) : value });
  }
  const receive = (changes) => changes.forEach((values, id) => on.model(id).receive(values));

  /** Set traits to recorded values: [[model, trait, number of the value], ...]. */
  function apply(values, words = null) {
    const changes = new Map();
    for (const [id, trait, number] of values) {
      if (shown.get(place(id, trait)) === number && !words) continue;
      shown.set(place(id, trait), number);
      const value = unpack(page.values[number], page.parts);
      put(changes, id, trait, words ? reworded(value, words.from, words.to) : value);
    }
    receive(changes);
  }

  // --- What the page does

  function choose(source, name, key) {
    const { values, other } = axes[key];
    const found = values.indexOf(inward(key, source.get(name)));
    const k = found < 0 ? (other ?? -1) : found;
    if (k >= 0 && go({ [key]: k }, source)) return;
    const list = name === "value" && values.length <= 20 && typeof values[0] === "number";
    takeBack(source, name, list
      ? `“${nameOf(source)}” is recorded here for ${values.filter((_, k) => k !== other).join(", ")}. Any other value needs Python.`
      : `This choice of “${nameOf(source)}” was not recorded. It needs Python.`);
  }
  function changed(source, names) {
    for (const name of names) {
      const where = place(source.id, name);
      if (axisOf.has(where)) choose(source, name, axisOf.get(where));
      else if (linked.has(where)) share(source, name, linked.get(where));
      else if (subsetOf.has(source.id)) tick(subsetOf.get(source.id), source);
      else if (page.models[source.id].control || where in needs)
        takeBack(source, name, needs[where] || `“${nameOf(source)}” needs Python: it was not recorded.`);
    }
  }
  function share(source, name, ends) {
    for (const [id, trait] of ends) {
      known.set(place(id, trait), source.get(name));
      on.model(id).receive({ [trait]: source.get(name) });
    }
  }
  function press(source) {
    const found = presses[source.id];
    const wishes = {};
    if (found) {
      const { values } = axes[found.axis];
      const now = at[found.axis];
      const next = { next: now + 1, toggle: 1 - now }[found.to] ?? found.to;
      if (next >= values.length) return on.refuse(source.id, `${values.length} draws are recorded here. Others need Python.`);
      wishes[found.axis] = next;
    }
    if (!found && !moves.some((move) => move.on === source.id))
      return on.refuse(source.id, `“${nameOf(source)}” needs Python: it was not recorded.`);
    if (!go(wishes, source, source.id)) on.refuse(source.id, "This combination was not recorded. It needs Python.");
  }
  function message(source, content) {
    if (content?.event === "click") return press(source);
    if (content?.type !== "make") return;
    const file = files[source.id]?.[content.label];
    if (file) source.tell({ type: "file", label: content.label, name: file.name }, [unpack(page.values[file.value], page.parts)]);
    else source.tell({ type: "failed", label: content.label, text: "this file needs Python" });
  }
  return { stateOf, changed, message };
}
