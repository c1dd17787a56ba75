// The passes that the service keeps: searched, looked at, and corrected by hand.

import { request } from "./api.js";
import { announce, byId, clock, element, percent } from "./dom.js";
import { filterForm, queryOf } from "./filtering.js";
import { showKept } from "./keeping.js";
import { refusal } from "./notices.js";
import { spelled } from "./plate.js";
import { follow } from "./stream.js";
import { cells, countText, markChosen, scrollTable } from "./tables.js";
import { FORMATS, word } from "./words.js";

const COLUMNS = {
  Camera: ({ camera }) => camera ?? "–",
  Seen: ({ at }) => clock(new Date(at)),
  Reading: ({ confidence, probability }) => percent(probability ?? confidence, 1),
  Series: ({ format }) => (format ? word(FORMATS, format) : "–"),
  Lists: ({ matches }) => matches.map(({ list }) => list).join(", ") || "–",
  Corrected: ({ correction }) => correction?.plate ?? "–",
};

const TABLE = "Table of passes that were found";

const rows = new Map(); // id of a pass to its row
const place = { id: null }; // the last event that came
let asked = ""; // the search that is shown
let next = null; // cursor of its next page
let turn = 0; // of the searches
let fresh = 0; // passes that came since
let round = null; // ends what is going on

export function startKeptSearch() {
  const small = (id, onclick, ...text) =>
    element("button", { type: "button", class: "small", hidden: true, id, onclick }, ...text);
  byId("view-passes").append(
    element("h2", {}, "Passes"),
    filterForm(search),
    element("div", { id: "kept-note" }),
    element(
      "section",
      { id: "kept-found", "aria-label": "What was found", hidden: true },
      element("div", { class: "bar" }, element("span", { id: "kept-count" }), small("kept-fresh", search)),
      scrollTable("kept-rows", TABLE, ["Plate", ...Object.keys(COLUMNS)]),
      small("kept-more", () => guarded(nextPage), "Show more"),
    ),
    element("section", { id: "kept", "aria-label": "Pass that was found", hidden: true }),
  );
}

/** Shows what a search finds; `asked` are values of its fields by name. */
export function searchKept(asked) {
  const form = byId("kept-form");
  form.reset();
  for (const [name, value] of Object.entries(asked)) form.elements[name].value = value;
  location.hash = "#passes";
}

/** Searches and listens for new passes, until `stopKept`. */
export function startKept() {
  stopKept();
  round = new AbortController();
  const { signal } = round;
  search();
  follow("passes/stream", { signal, place, onEvent: countFresh, onState: () => {} }).catch(() => {
    // Without a key, or the right of it, the search says so.
  });
}

export function stopKept() {
  round?.abort();
}

function countFresh({ event }) {
  if (event !== "end") return;
  fresh += 1;
  byId("kept-fresh").textContent = `Show ${fresh} new`;
  byId("kept-fresh").hidden = false;
}

async function search() {
  asked = queryOf(new FormData(byId("kept-form")));
  fresh = 0;
  byId("kept-fresh").hidden = true;
  const mine = (turn += 1);
  await guarded(async () => {
    const page = await ask(asked);
    if (mine !== turn) return; // another search began meanwhile
    rows.clear();
    byId("kept-rows").replaceChildren();
    byId("kept").hidden = true;
    show(page);
    announce(`${byId("kept-count").textContent} found.`);
  });
}

async function nextPage() {
  show(await ask(`${asked}${asked && "&"}cursor=${encodeURIComponent(next)}`));
}

async function ask(query) {
  const response = await request(`passes?${query}`, { signal: round.signal });
  return response.json();
}

/** Does it, and says what went wrong; a service that keeps nothing has no such route. */
async function guarded(action) {
  try {
    await action();
    byId("kept-note").replaceChildren();
    byId("kept-found").hidden = false;
  } catch (error) {
    if (round.signal.aborted) return;
    byId("kept-found").hidden = true;
    const none = element("p", {}, "This service keeps no passes: start it with ALPR_STORE=on.");
    const off = element("div", { class: "notice" }, none);
    byId("kept-note").replaceChildren(error.code === "not_found" ? off : refusal(error, search));
  }
}

function show(page) {
  for (const passing of page.passes) {
    const row = element("tr");
    rows.set(passing.id, row);
    fill(row, passing);
    byId("kept-rows").append(row);
  }
  next = page.next;
  byId("kept-more").hidden = next === null;
  byId("kept-count").textContent = countText(rows.size, next === null, "pass", "passes");
}

function fill(row, passing) {
  const onclick = () => choose(passing);
  const text = passing.plate ?? `#${passing.plate_hash.slice(0, 8)}`;
  const button = element("button", { type: "button", class: "link text", onclick }, text);
  if (passing.plate) button.setAttribute("aria-label", spelled(passing.plate));
  row.replaceChildren(...cells(button, Object.values(COLUMNS).map((content) => content(passing))));
}

function choose(passing) {
  markChosen(rows, passing.id);
  showKept(passing, (corrected) => {
    const row = rows.get(passing.id);
    if (!row) return; // a search did not find it meanwhile
    fill(row, corrected);
    choose(corrected);
  });
  byId("kept").scrollIntoView({ block: "nearest" });
}
