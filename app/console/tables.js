// Tables that scroll by themselves, and forms.

import { element } from "./dom.js";

/** A table of those columns in a region of that label; its rows go into the body `id`. */
export function scrollTable(id, label, columns) {
  const heads = columns.map((name) => element("th", { scope: "col" }, name));
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, heads)),
      element("tbody", { id }),
    ),
  );
}

/** The cells of a row, the first its head. */
export const cells = (head, others) => [
  element("th", { scope: "row" }, head),
  ...others.map((content) => element("td", {}, content)),
];

/** Marks the row of that key, of a Map of rows, as the chosen one. */
export function markChosen(rows, key) {
  for (const [each, row] of rows) {
    row.classList.toggle("chosen", each === key);
    const button = row.querySelector("button");
    if (each === key) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** A select of values with their words; `more` are its attributes. */
export function choice(words, { value = null, ...more } = {}) {
  const option = ([each, text]) =>
    element("option", { value: each, selected: each === value }, text);
  return element("select", more, Object.entries(words).map(option));
}

export const labelled = (fields) =>
  Object.entries(fields).map(([name, field]) => element("label", {}, name, field));

export const smallButton = (text, onclick, more = {}) =>
  element("button", { type: "button", class: "small", onclick, ...more }, text);

/** What "Show more" says of a table: how many there are, as far as that is known. */
export function countText(count, isAll, one, many) {
  const text = isAll ? `${count}` : `${count} or more`;
  return `${text} ${text === "1" ? one : many}`;
}
