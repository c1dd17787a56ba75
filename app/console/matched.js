// Who matched a list.

import { request } from "./api.js";
import { clock, element, percent } from "./dom.js";
import { searchKept } from "./kept.js";
import { refusal } from "./notices.js";
import { section } from "./parts.js";
import { cells, scrollTable, smallButton } from "./tables.js";

const SHOWN = 10;
const COLUMNS = ["Read as", "Entry", "Sure", "Camera", "Seen"];

/** The part of a page with the newest passes on a list; it fills itself. */
export function matchedTable(name, signal) {
  const content = element("div", {}, element("p", { class: "none" }, "Looking …"));
  const show = async () => {
    try {
      const query = new URLSearchParams({ list: name, limit: SHOWN });
      const response = await request(`passes?${query}`, { prompt: false, signal });
      const { passes } = await response.json();
      content.replaceChildren(...(passes.length ? found(name, passes) : [nobody()]));
    } catch (error) {
      if (!signal.aborted) content.replaceChildren(refusal(error, show));
    }
  };
  show();
  return section("Who matched", content);
}

const nobody = () => element("p", { class: "none" }, "No pass was on this list yet.");

function found(name, passes) {
  const table = scrollTable("matched-rows", "Table of the newest passes on the list", COLUMNS);
  table.querySelector("tbody").append(
    ...passes.map(({ plate, matches, camera, at }) => {
      const { entry, owner, exact, probability } = matches.find(({ list }) => list === name);
      const text = element("span", { class: "text" }, plate);
      const sure = exact ? "read exactly so" : percent(probability, 1);
      const listed = owner ? `${entry} (${owner})` : entry;
      return element("tr", {}, cells(text, [listed, sure, camera ?? "–", clock(new Date(at))]));
    }),
  );
  const search = () => searchKept({ list: name });
  return [table, smallButton("Search all its passes", search, { id: "matched-more" })];
}
