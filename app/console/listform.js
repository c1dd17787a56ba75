// What an operator decides of a list.

import { announce, element } from "./dom.js";
import { errorLine, sendJson, tried } from "./sending.js";
import { choice, labelled } from "./tables.js";
import { LIST_USES } from "./words.js";

const NEW = { kind: "allow", description: "", time_zone: "Pacific/Auckland", min_probability: 0.5 };

/** The form of a list, null for one that is to be made. `onSaved` gets it as it is then. */
export function listForm(list, { onSaved, onCancel }) {
  const { kind, description, time_zone: zone, min_probability: least } = list ?? NEW;
  const text = (name, value, more) =>
    element("input", { name, value, autocomplete: "off", spellcheck: "false", ...more });
  const fields = {
    ...(list ? {} : { Name: text("name", "", { required: true, maxlength: "64" }) }),
    "What for": choice(LIST_USES, { name: "kind", value: kind }),
    Description: text("description", description, { maxlength: "200" }),
    "Time zone of its hours": text("time_zone", zone, { required: true, maxlength: "64" }),
    "Least probability of a match": element("input", {
      ...{ name: "min_probability", type: "number", min: "0", max: "1", step: "any" },
      ...{ required: true, value: String(least) },
    }),
  };
  const error = errorLine();
  const onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    const value = { ...values, min_probability: Number(values.min_probability) };
    const path = list ? `lists/${encodeURIComponent(list.name)}` : "lists";
    await tried(error, async () => {
      const saved = await sendJson(list ? "PUT" : "POST", path, value);
      await onSaved(saved);
      announce(`${saved.name} is saved.`);
    });
  };
  const form = element(
    "form",
    { class: "fields", onsubmit },
    labelled(fields),
    error,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", onclick: onCancel }, "Cancel"),
      element("button", { type: "submit", class: "main" }, "Save list"),
    ),
  );
  return form;
}
