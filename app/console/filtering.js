// What is asked of the passes that are kept.

import { element } from "./dom.js";
import { choice, labelled } from "./tables.js";

const MATCHES = { exact: "read so", prefix: "begins so", wildcard: "with * and ?", fuzzy: "may be it" };
const CORRECTED = { "": "any", true: "corrected", false: "not corrected" };

/** The form of a search; `onSearch` is called when it is sent. */
export function filterForm(onSearch) {
  const text = (name) => element("input", { name, spellcheck: "false", maxlength: "40", size: "10" });
  const time = (name) => element("input", { name, type: "datetime-local" });
  const onsubmit = (event) => {
    event.preventDefault();
    onSearch();
  };
  const fields = {
    Plate: text("plate"),
    "Found as": choice(MATCHES, { name: "match" }),
    Camera: text("camera"),
    From: time("since"),
    Until: time("until"),
    "On the list": text("list"),
    "By hand": choice(CORRECTED, { name: "corrected" }),
  };
  return element(
    "form",
    { id: "kept-form", autocomplete: "off", onsubmit },
    labelled(fields),
    element("button", { type: "submit", class: "main" }, "Search"),
  );
}

/** What was filled in, as a query; times are those of this computer's clock. */
export function queryOf(form) {
  const query = new URLSearchParams();
  for (const [name, value] of form) {
    if (value.trim() === "" || (name === "match" && !form.get("plate").trim())) continue;
    const isTime = name === "since" || name === "until";
    query.append(name, isTime ? new Date(value).toISOString() : value.trim());
  }
  return query.toString();
}
