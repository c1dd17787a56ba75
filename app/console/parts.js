// Parts of a result that pictures and videos have in common.

import { byId, element, percent } from "./dom.js";
import { spelled } from "./plate.js";
import { FORMATS, sentence, word } from "./words.js";

/** Shows the parts that are there; what is unfolded and the focus stay where they are. */
export function showParts(parts) {
  const result = byId("result");
  const unfolded = [...result.querySelectorAll("details[open]")].map(({ id }) => id);
  const focused = result.contains(document.activeElement);
  result.replaceChildren(...parts.filter((part) => part !== null));
  for (const id of unfolded) byId(id)?.setAttribute("open", "");
  if (focused) (result.querySelector("[aria-pressed='true']") ?? result).focus();
}

/** The text of a plate that counts: the correction where there is one. */
export const textOf = (plate) => plate.corrected_plate ?? (plate.validation.normalized || plate.plate);

/** What was found so far: the plates of a picture, the passes of a video. */
export const foundIn = ({ passes, answer }) => passes ?? answer?.plates ?? [];

/** Milliseconds of the service for all of it, without waiting where it is a video. */
export const timeOf = ({ timings_ms: { total, ...stages } }) =>
  total ?? Object.values(stages).reduce((sum, spent) => sum + spent, 0);

export function section(title, ...content) {
  return element("section", { class: "part" }, element("h3", {}, title), ...content);
}

export function facts(pairs) {
  return element(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}

export function remarks({ error, warning }) {
  return [error, warning]
    .filter(Boolean)
    .map((text) => element("p", { class: "remark" }, sentence(text)));
}

export function candidates(plate) {
  if (plate.candidates.length === 0) return null;
  return section(
    "Lawful readings",
    element(
      "ol",
      { class: "candidates" },
      plate.candidates.map(({ plate: text, format, probability }) =>
        element(
          "li",
          { style: { "--share": probability } },
          element("span", { class: "text", "aria-label": spelled(text) }, text),
          element("span", { class: "format" }, word(FORMATS, format)),
          element("span", { class: "value" }, percent(probability, 1)),
        ),
      ),
    ),
  );
}
