// The passes of all cameras as they come, the newest above, and what decided the chosen one.

import { announce, byId, clock, element, percent } from "./dom.js";
import { textOf } from "./parts.js";
import { details, directionWords } from "./passing.js";
import { spelled } from "./plate.js";
import { markChosen } from "./tables.js";

const KEPT = 200;

const COLUMNS = {
  Camera: ({ camera }) => camera,
  Seen: ({ first_seen: first, event }) => `${clock(new Date(first))}${event === "end" ? "" : " …"}`,
  Reading: ({ pass: { confidence } }) => percent(confidence, 1),
  Agreeing: ({ pass: { agreeing, reads } }) => `${agreeing} of ${reads}`,
  Lists: ({ matches = [] }) => matches.map(({ list }) => list).join(", ") || "–",
  Direction: ({ pass: { direction } }) => directionWords(direction),
};
const contents = Object.values(COLUMNS);

const passes = new Map(); // id of a pass to { told, row }, in the order they came
let chosen = null;

export function startPasses() {
  const heads = ["Plate", ...Object.keys(COLUMNS)].map((name) => element("th", { scope: "col" }, name));
  byId("pass-table").append(
    element("thead", {}, element("tr", {}, heads)),
    element("tbody", { id: "pass-rows" }),
  );
}

export const isKnown = ({ pass: { id } }) => passes.has(id);

/** Takes an event of a camera. */
export function takePass(told) {
  const { id } = told.pass;
  const entry = passes.get(id) ?? newEntry(id);
  entry.told = told;
  contents.forEach((content, i) => entry.row.cells[i + 1].replaceChildren(content(told)));
  entry.button.textContent = textOf(told.pass);
  if (id === chosen) showChosen();
  if (told.event === "new") {
    announce(`${told.camera}: ${spelled(textOf(told.pass))}, ${percent(told.pass.confidence)}.`);
  }
}

function newEntry(id) {
  const choose = () => {
    chosen = id;
    showChosen();
    byId("pass").scrollIntoView({ block: "nearest" });
  };
  const button = element("button", { type: "button", class: "link text", onclick: choose });
  const head = element("th", { scope: "row" }, button);
  const row = element("tr", {}, head, contents.map(() => element("td")));
  const entry = { row, button };
  passes.set(id, entry);
  byId("pass-rows").prepend(row);
  for (const oldest of [...passes.keys()].slice(0, -KEPT)) {
    passes.get(oldest).row.remove();
    passes.delete(oldest);
  }
  return entry;
}

function showChosen() {
  markChosen([...passes].map(([id, { row }]) => [id, row]), chosen);
  const { told } = passes.get(chosen);
  const passing = { ...told.pass, ended: told.event === "end" };
  const first = new Date(told.first_seen);
  const best = new Date(first.getTime() + (passing.best.at_s - passing.first_seen_s) * 1000);
  const seen = `${clock(first)} – ${clock(new Date(told.last_seen))}`;
  const parts = details(passing, { seen, at: clock(best) }).filter((part) => part !== null);
  byId("pass").hidden = false;
  byId("pass").replaceChildren(...parts);
}
