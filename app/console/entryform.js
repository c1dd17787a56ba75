// What an operator says of a plate of a list.

import { request } from "./api.js";
import { element } from "./dom.js";
import { searchKept } from "./kept.js";
import { momentField, momentOf } from "./moments.js";
import { confirmed, errorLine, sendJson, tried } from "./sending.js";
import { labelled } from "./tables.js";

const NEW = {
  ...{ plate: "", owner: "", notes: "", valid_from: null, valid_until: null },
  ...{ hours: "", cameras: [] },
};

/** The form of an entry of the list at `path`, null for one that is to be made. */
export function entryForm(path, entry, { onSaved, onRemoved, onCancel }) {
  const before = entry ?? NEW;
  const text = (name, more) =>
    element("input", { name, value: before[name], autocomplete: "off", spellcheck: "false", ...more });
  const notes = element("textarea", { name: "notes", rows: "2", maxlength: "2000" }, before.notes);
  const from = momentField(before.valid_from, { name: "valid_from" });
  const until = momentField(before.valid_until, { name: "valid_until" });
  const hours = { maxlength: "500", placeholder: "always, or mon-fri 07:00-18:30; sat 09:00-12:00" };
  const error = errorLine();
  const fields = {
    Plate: text("plate", { required: true, maxlength: "40" }),
    Owner: text("owner", { maxlength: "200" }),
    "Valid from, this computer's time": from,
    "Valid until": until,
    "Hours of the week": text("hours", hours),
    "Cameras, with ; between them": text("cameras", {
      value: before.cameras.join("; "),
      placeholder: "all",
    }),
    Notes: notes,
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    const { plate, owner, hours: week, cameras } = Object.fromEntries(new FormData(form));
    const value = {
      ...{ plate, owner, notes: notes.value, hours: week },
      valid_from: momentOf(from, before.valid_from),
      valid_until: momentOf(until, before.valid_until),
      cameras: cameras.split(";").map((name) => name.trim()).filter(Boolean),
    };
    const target = entry ? `${path}/entries/${entry.id}` : `${path}/entries`;
    const done = await tried(error, () => sendJson(entry ? "PUT" : "POST", target, value));
    if (done) await onSaved();
  };
  const remove = async () => {
    if (!(await confirmed(`Remove ${entry.plate} from the list?`, "Remove plate"))) return;
    const target = `${path}/entries/${entry.id}`;
    if (await tried(error, () => request(target, { method: "DELETE" }))) await onRemoved();
  };
  const button = (label, onclick) => element("button", { type: "button", onclick }, label);
  const form = element(
    "form",
    { class: "fields", onsubmit },
    labelled(fields),
    error,
    element(
      "div",
      { class: "actions" },
      entry && button("Remove plate", remove),
      entry && button("Passes of this plate", () => searchKept({ plate: entry.plate, match: "fuzzy" })),
      button("Cancel", onCancel),
      element("button", { type: "submit", class: "main" }, "Save plate"),
    ),
  );
  return form;
}
