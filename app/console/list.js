// The table of all pictures of this tab.

import { byId, duration, element, percent } from "./dom.js";
import { download } from "./csv.js";
import { textOf } from "./result.js";
import { sentence } from "./words.js";

const rows = new Map(); // item id to its table row

export function startList(queue) {
  byId("csv").addEventListener("click", () => download(queue.items));
  byId("retry").addEventListener("click", () => queue.retry(queue.items));
  byId("clear").addEventListener("click", () => queue.clear());
}

/** Brings the whole table up to date; it is shown from the second picture on. */
export function showList(queue, chosen, choose) {
  const { items } = queue;
  byId("list").hidden = items.length < 2;
  rows.clear();
  byId("rows").replaceChildren(...items.map((item) => newRow(item, choose)));
  showChosen(chosen);
  showProgress(queue);
}

/** Brings one line of it up to date. */
export function updateRow(item) {
  const row = rows.get(item.id);
  if (row === undefined) return; // cleared while it was being read
  row.dataset.state = item.state;
  CELLS.slice(1).forEach((content, i) => row.cells[i + 1].replaceChildren(content(item)));
}

export function showChosen(item) {
  for (const [id, row] of rows) {
    row.classList.toggle("chosen", id === item?.id);
    const button = row.querySelector("button");
    if (id === item?.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

export function showProgress(queue) {
  const all = queue.items.length;
  const failed = queue.count("failed");
  const ended = queue.count("done") + failed;
  byId("progress").max = Math.max(1, all);
  byId("progress").value = ended;
  byId("progress-text").textContent = progressText(queue);
  byId("retry").hidden = failed === 0 || ended < all;
  byId("csv").disabled = queue.count("done") === 0;
}

export function progressText(queue) {
  const failed = queue.count("failed");
  const text = `${queue.count("done")} of ${queue.items.length} pictures read`;
  return failed ? `${text}, ${failed} failed` : text;
}

const CELLS = [
  (item) => item.name,
  ({ answer }) => {
    const texts = (answer?.plates ?? []).map(textOf);
    return element("span", { class: texts.length ? "text" : "none" }, texts.join(", ") || "–");
  },
  ({ answer }) => (answer?.plates.length ? percent(answer.plates[0].confidence) : ""),
  stateText,
  ({ answer }) => (answer ? duration(answer.timings_ms.total) : ""),
];

function stateText({ state, answer, error, waiting }) {
  if (state === "failed") return sentence(error.message);
  if (state === "waiting") return "Waiting";
  if (state === "reading") return waiting ? `Busy, again in ${waiting} s` : "Reading …";
  if (answer.plates.length === 0) return "No plate found";
  const plates = answer.plates;
  if (plates.some(({ cut }) => cut)) return "Cut by the edge";
  if (plates.some(({ corrected_plate: corrected }) => corrected)) return "Corrected";
  return plates.every(({ validation }) => validation.valid) ? "Valid" : "Not a valid plate";
}

function newRow(item, choose) {
  const open = { type: "button", class: "link", onclick: () => choose(item), title: item.name };
  const head = element("th", { scope: "row" }, element("button", open, CELLS[0](item)));
  const cells = CELLS.slice(1).map((content) => element("td", {}, content(item)));
  const row = element("tr", {}, head, cells);
  row.dataset.state = item.state;
  rows.set(item.id, row);
  return row;
}
