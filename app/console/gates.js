// Gates, and why each opened or did not.

import { request } from "./api.js";
import { byId, clock, element, percent } from "./dom.js";
import { refusal } from "./notices.js";
import { cells, choice, labelled, scrollTable, smallButton } from "./tables.js";
import { DECISIONS, sentence, word } from "./words.js";

const COLUMNS = {
  Gate: ({ gate }) => gate,
  Decision: ({ reason }) => word(DECISIONS, reason),
  Plate: ({ plate }) => element("span", { class: "text" }, plate ?? "–"),
  Sure: ({ probability }) => percent(probability, 1),
  Reads: ({ reads }) => String(reads),
  List: ({ list }) => list,
  Camera: ({ camera }) => camera ?? "–",
};

/** Shows the gates of a service that has any. */
export async function startGates(signal) {
  const panel = byId("gates");
  try {
    const response = await request("gates", { prompt: false, signal });
    const { gates, error } = await response.json();
    panel.replaceChildren(title(), ...state(gates, error), ...decisions(gates, signal));
    panel.hidden = false;
  } catch (error) {
    if (signal.aborted) return;
    const hidden = error.code === "not_found" || error.code === "unauthorized";
    panel.hidden = hidden; // there are none, or the lists above ask for a key
    panel.replaceChildren(title(), refusal(error, () => startGates(signal)));
  }
}

const title = () => element("h2", { id: "gates-title" }, "Gates");

function state(gates, error) {
  const items = gates.map((gate) =>
    element(
      "li",
      { class: gate.has_target ? "" : "bad" },
      `${gate.name}: ${gate.list} at ${gate.cameras.join(", ")}`,
      gate.dry_run ? ", dry run" : "",
      gate.has_target ? "" : `, no target ${gate.open}`,
    ),
  );
  const wrong = error && `The file of gates was not taken: ${sentence(error)}`;
  return [
    ...(wrong ? [element("div", { class: "notice bad" }, element("p", {}, wrong))] : []),
    gates.length ? element("ul", { class: "chips" }, items) : element("p", { class: "none" }, "None yet."),
  ];
}

function decisions(gates, signal) {
  const note = element("div");
  const names = Object.fromEntries(gates.map(({ name }) => [name, name]));
  const gate = choice({ "": "any", ...names });
  const reason = choice({ "": "any", ...DECISIONS });
  const table = scrollTable("decision-rows", "Table of decisions", ["At", ...Object.keys(COLUMNS)]);
  const body = table.querySelector("tbody");
  let next = null;
  const page = async (begin) => {
    if (begin) next = null;
    const asked = Object.entries({ gate: gate.value, reason: reason.value, cursor: next ?? "" });
    const query = new URLSearchParams(asked.filter(([, value]) => value !== ""));
    try {
      const response = await request(`gates/decisions?${query}`, { prompt: false, signal });
      const found = await response.json();
      if (begin) body.replaceChildren();
      body.append(...found.decisions.map(row));
      next = found.next;
      more.hidden = next === null;
      note.replaceChildren();
    } catch (error) {
      if (!signal.aborted) note.replaceChildren(refusal(error, () => page(begin)));
    }
  };
  const more = smallButton("Show more decisions", () => page(false), { hidden: true });
  const onsubmit = (event) => {
    event.preventDefault();
    page(true);
  };
  page(true);
  const submit = element("button", { type: "submit" }, "Show decisions");
  const fields = labelled({ Gate: gate, Outcome: reason });
  const form = element("form", { class: "filter", onsubmit }, fields, submit);
  return [form, note, table, more];
}

const row = (decision) =>
  element(
    "tr",
    {},
    cells(clock(new Date(decision.at)), Object.values(COLUMNS).map((content) => content(decision))),
  );
