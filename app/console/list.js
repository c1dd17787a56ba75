// The table of all pictures and videos of this tab.

import { byId, duration, element, percent } from "./dom.js";
import { download } from "./csv.js";
import { foundIn, textOf, timeOf } from "./parts.js";
import { markChosen } from "./tables.js";
import { progressText as videoProgress } from "./video.js";
import { sentence } from "./words.js";

const rows = new Map(); // item id to its table row

export function startList(queue) {
  byId("csv").addEventListener("click", () => download(queue.items));
  byId("retry").addEventListener("click", () => {
    queue.retry(queue.items.filter(({ state }) => state === "failed"));
  });
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
  markChosen(rows, item?.id);
}

export function showProgress(queue) {
  const all = queue.items.length;
  const failed = queue.count("failed");
  const ended = queue.count("done", "cancelled") + failed;
  byId("progress").max = Math.max(1, all);
  byId("progress").value = ended;
  byId("progress-text").textContent = progressText(queue);
  byId("retry").hidden = failed === 0 || ended < all;
  byId("csv").disabled = queue.count("done") === 0;
}

export function progressText(queue) {
  const failed = queue.count("failed");
  const cancelled = queue.count("cancelled");
  const what = queue.items.some(({ kind }) => kind === "video") ? "files" : "pictures";
  return [
    `${queue.count("done")} of ${queue.items.length} ${what} read`,
    ...(failed ? [`${failed} failed`] : []),
    ...(cancelled ? [`${cancelled} cancelled`] : []),
  ].join(", ");
}

const CELLS = [
  (item) => item.name,
  (item) => {
    const texts = foundIn(item).map(textOf);
    return element("span", { class: texts.length ? "text" : "none" }, texts.join(", ") || "–");
  },
  (item) => (foundIn(item).length ? percent(foundIn(item)[0].confidence) : ""),
  stateText,
  ({ answer }) => (answer ? duration(timeOf(answer)) : ""),
];

function stateText(item) {
  const { kind, state, answer, error, waiting, passes } = item;
  if (state === "failed") return sentence(error.message);
  if (state === "cancelled") return "Cancelled";
  if (state === "waiting") return "Waiting";
  if (kind === "video") {
    if (state === "reading") return videoProgress(item);
    return passes.length === 1 ? "1 vehicle" : `${passes.length || "No"} vehicles`;
  }
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
