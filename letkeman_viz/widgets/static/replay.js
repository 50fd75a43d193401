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

/**
 * The recordings of a page.
 *
 * An axis is a control with its recorded values (or something a button moves); `page.groups` say for every
 * combination of some axes what the traits are that depend on them. `on.model(id)` finds a model,
 * `on.refuse(id, text)` tells the reader what cannot be had, `on.accept(id)` that all is well again.
 */
export function replayer(page, on) {
  const { axes, groups, moves, presses, needs, files } = page;
  const place = (id, trait) => `${id}.${trait}`;
  const at = Object.fromEntries(Object.entries(axes).map(([key, { start }]) => [key, start]));
  const axisOf = new Map(Object.entries(axes).map(([key, { model, trait }]) => [place(model, trait), key]));
  const known = new Map(); // place -> the value that stands, to go back to
  const shown = new Map(); // place -> which recorded value that is
  let ticket = 0; // of the newest change; a film of an older one stops

  function stateOf(id) {
    const state = {};
    for (const [trait, value] of Object.entries(page.models[id].state)) {
      state[trait] = unpack(page.values[value], page.parts);
      known.set(place(id, trait), state[trait]);
      shown.set(place(id, trait), value);
    }
    return state;
  }
  const nameOf = (source) => source.get("description") || "This";

  function takeBack(source, name, text) {
    source.receive({ [name]: known.get(place(source.id, name)) });
    on.refuse(source.id, text);
  }

  // --- Combinations

  const indexIn = (group, combination) =>
    group.axes.reduce((index, key) => index * axes[key].values.length + combination[key], 0);
  const holds = (group, combination) => group.when.every(([key, k]) => combination[key] === k);

  /** Where the axes go when some are moved: some of them move others. */
  function follow(wishes, button) {
    const combination = { ...at, ...wishes };
    for (const move of moves) {
      if (move.on !== button && !(move.on in wishes)) continue;
      const to = move.to[move.reads.map((key) => combination[key]).join()];
      if (!to) return null; // to where nothing was recorded
      Object.assign(combination, to);
    }
    return combination;
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
      const { model, trait, values } = axes[key];
      if (model) put(changes, model, trait, values[combination[key]]);
    }
    receive(changes);
    const last = rows.flatMap(({ group, index }) => group.effects.map(([id, trait, values]) => [id, trait, values[index]]));
    const film = rows.map(({ group, index }) => group.films[index]).find(Boolean) ?? [];
    if (film.length && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(film, last, mine);
    else apply(last);
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
    known.set(place(id, trait), value);
    changes.set(id, { ...changes.get(id), [trait]: value });
  }
  const receive = (changes) => changes.forEach((values, id) => on.model(id).receive(values));

  /** Set traits to recorded values: [[model, trait, number of the value], ...]. */
  function apply(values) {
    const changes = new Map();
    for (const [id, trait, number] of values) {
      if (shown.get(place(id, trait)) === number) continue;
      shown.set(place(id, trait), number);
      put(changes, id, trait, unpack(page.values[number], page.parts));
    }
    receive(changes);
  }

  // --- What the page does

  function choose(source, name, key) {
    const { values } = axes[key];
    const k = values.indexOf(source.get(name));
    if (k >= 0 && go({ [key]: k }, source)) return;
    const list = name === "value" && values.length <= 20 && typeof values[0] === "number";
    takeBack(source, name, list
      ? `“${nameOf(source)}” is recorded here for ${values.join(", ")}. Any other value needs Python.`
      : `This choice of “${nameOf(source)}” was not recorded. It needs Python.`);
  }
  function changed(source, names) {
    for (const name of names) {
      const where = place(source.id, name);
      if (axisOf.has(where)) choose(source, name, axisOf.get(where));
      else if (page.models[source.id].control || where in needs)
        takeBack(source, name, needs[where] || `“${nameOf(source)}” needs Python: it was not recorded.`);
    }
  }
  function press(source) {
    const found = presses[source.id];
    const wishes = {};
    if (found) {
      const { values } = axes[found.axis];
      const now = at[found.axis];
      const next = found.to === "next" ? now + 1 : found.to;
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
