// Lists of plates: all there are, and the chosen one.

import { request } from "./api.js";
import { byId, element } from "./dom.js";
import { startGates } from "./gates.js";
import { listForm } from "./listform.js";
import { showList } from "./listed.js";
import { refusal } from "./notices.js";
import { cells, markChosen, scrollTable, smallButton } from "./tables.js";
import { LIST_KINDS, word } from "./words.js";

const COLUMNS = {
  "What for": ({ kind }) => word(LIST_KINDS, kind),
  Plates: ({ entries }) => String(entries),
};

const rows = new Map(); // name of a list to its row
let chosen = null; // name of the one that is shown
let round = null; // ends what is going on

export function startListView() {
  byId("view-lists").append(
    element("h2", {}, "Lists"),
    element("div", { id: "lists-note" }),
    element(
      "section",
      { id: "lists", "aria-label": "All lists", hidden: true },
      element(
        "div",
        { class: "bar" },
        element("span", { id: "lists-count" }),
        smallButton("New list", makeList, { id: "new-list" }),
      ),
      scrollTable("list-rows", "Table of lists", ["Name", ...Object.keys(COLUMNS)]),
    ),
    element("section", { id: "listed", "aria-label": "List", hidden: true }),
    element("section", { id: "gates", "aria-labelledby": "gates-title", hidden: true }),
  );
}

/** Shows lists and gates, until `stopLists`. */
export function startLists() {
  stopLists();
  round = new AbortController();
  const { signal } = round;
  startGates(signal);
  return renew(signal);
}

export function stopLists() {
  round?.abort();
}

/** Fetches the lists again, and shows the chosen one. */
async function renew(signal) {
  byId("listed").hidden = true;
  try {
    const response = await request("lists", { prompt: false, signal });
    const { lists } = await response.json();
    byId("lists-note").replaceChildren();
    byId("lists").hidden = false;
    showAll(lists);
    const again = lists.find(({ name }) => name === chosen);
    if (again) choose(again);
  } catch (error) {
    if (signal.aborted) return;
    byId("lists").hidden = true;
    const none = element("p", {}, "This service keeps no lists: start it with ALPR_STORE=on.");
    const off = element("div", { class: "notice" }, none);
    byId("lists-note").replaceChildren(error.code === "not_found" ? off : refusal(error, startLists));
  }
}

function showAll(lists) {
  rows.clear();
  for (const list of lists) {
    const row = element("tr");
    rows.set(list.name, row);
    fill(row, list);
  }
  byId("list-rows").replaceChildren(...rows.values());
  byId("lists-count").textContent = `${lists.length} ${lists.length === 1 ? "list" : "lists"}`;
}

function fill(row, list) {
  const open = element("button", { type: "button", class: "link", onclick: () => choose(list) }, list.name);
  row.replaceChildren(...cells(open, Object.values(COLUMNS).map((content) => content(list))));
}

function choose(list) {
  chosen = list.name;
  markChosen(rows, chosen);
  const { signal } = round;
  showList(list, {
    signal,
    onChanged: (changed) => {
      fill(rows.get(changed.name), changed);
      choose(changed);
    },
    onCounted: (counted) => {
      fill(rows.get(counted.name), counted);
      markChosen(rows, chosen);
    },
    onDeleted: () => {
      chosen = null;
      return renew(signal).then(() => byId("new-list").focus());
    },
  });
}

function makeList() {
  markChosen(rows, null);
  const cancel = () => {
    byId("listed").hidden = true;
    byId("new-list").focus();
  };
  const form = listForm(null, {
    onSaved: async ({ name }) => {
      chosen = name;
      await renew(round.signal);
      byId("listed").querySelector("button").focus();
    },
    onCancel: cancel,
  });
  byId("listed").hidden = false;
  byId("listed").replaceChildren(element("h3", {}, "New list"), form);
  form.elements.name.focus();
}
