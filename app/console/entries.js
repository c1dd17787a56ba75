// The plates of a list: found, added, changed and removed.

import { request } from "./api.js";
import { announce, element } from "./dom.js";
import { entryForm } from "./entryform.js";
import { refusal } from "./notices.js";
import { shownMoment } from "./moments.js";
import { section } from "./parts.js";
import { spelled } from "./plate.js";
import { cells, countText, markChosen, scrollTable, smallButton } from "./tables.js";

const COLUMNS = {
  Owner: ({ owner }) => owner,
  Valid: validity,
  Hours: ({ hours }) => hours || "all",
  Cameras: ({ cameras }) => cameras.join(", ") || "all",
  Notes: ({ notes }) => element("span", { class: "notes" }, notes),
};

function validity({ valid_from: from, valid_until: until }) {
  const parts = [from && `from ${shownMoment(from)}`, until && `until ${shownMoment(until)}`];
  return parts.filter(Boolean).join(" ") || "always";
}

/** The part of a page about the plates of the list at `path`; `search` fetches them anew. */
export function entryTable(path, { signal, onCount }) {
  const rows = new Map(); // id of an entry to its row
  let next = null; // cursor of the next page
  const note = element("div");
  const count = element("span", { class: "count" });
  const slot = element("div");
  const plate = element("input", { name: "plate", maxlength: "40", size: "10", spellcheck: "false" });
  const table = scrollTable("entry-rows", "Table of plates", ["Plate", ...Object.keys(COLUMNS)]);
  const body = table.querySelector("tbody");
  const more = smallButton("Show more plates", () => guarded(page), { hidden: true });
  const add = smallButton("Add a plate", () => open(null));

  async function guarded(action) {
    try {
      await action();
      note.replaceChildren();
    } catch (error) {
      if (!signal.aborted) note.replaceChildren(refusal(error, search));
    }
  }

  function search() {
    return guarded(async () => {
      next = null;
      await page(() => {
        rows.clear();
        body.replaceChildren();
      });
    });
  }

  async function page(begin = () => {}) {
    const query = new URLSearchParams({ plate: plate.value.trim(), ...(next && { cursor: next }) });
    const response = await request(`${path}/entries?${query}`, { prompt: false, signal });
    const found = await response.json();
    begin();
    for (const entry of found.entries) {
      const row = element("tr");
      rows.set(entry.id, row);
      fill(row, entry);
      body.append(row);
    }
    next = found.next;
    more.hidden = next === null;
    count.textContent = countText(rows.size, next === null, "plate", "plates");
  }

  function fill(row, entry) {
    const button = element(
      "button",
      { type: "button", class: "link text", onclick: () => open(entry), "aria-label": spelled(entry.plate) },
      entry.plate,
    );
    row.replaceChildren(...cells(button, Object.values(COLUMNS).map((content) => content(entry))));
  }

  /** The form of an entry, or of a new one. */
  function open(entry) {
    markChosen(rows, entry?.id);
    const close = (said) => async () => {
      slot.replaceChildren();
      await Promise.all([search(), onCount()]);
      announce(said);
      add.focus();
    };
    const form = entryForm(path, entry, {
      onSaved: close("The plate is saved."),
      onRemoved: close("The plate is removed."),
      onCancel: () => {
        slot.replaceChildren();
        markChosen(rows, null);
        add.focus();
      },
    });
    slot.replaceChildren(form);
    form.elements.plate.focus();
  }

  const onsubmit = (event) => {
    event.preventDefault();
    search();
  };
  const form = element(
    "form",
    { class: "bar", autocomplete: "off", onsubmit },
    element("label", {}, "Begins with ", plate),
    element("button", { type: "submit", class: "small" }, "Find"),
    add,
    count,
  );
  return { search, node: section("Plates", form, note, slot, table, more) };
}
