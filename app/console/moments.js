// Moments in fields, by this computer's clock.

import { clock, element } from "./dom.js";

/** As a field `datetime-local` has it, to the second; empty for null. */
export function localText(moment) {
  if (moment === null) return "";
  const time = new Date(moment);
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
  return shifted.slice(0, shifted.slice(17, 19) === "00" ? 16 : 19);
}

/** A field for a moment that may be null. */
export function momentField(moment, more) {
  return element("input", { type: "datetime-local", step: "any", value: localText(moment), ...more });
}

/** What a field says; the moment that it was made with where nobody changed it. */
export function momentOf(field, before) {
  if (field.value === localText(before)) return before;
  return field.value === "" ? null : new Date(field.value).toISOString();
}

export const shownMoment = (moment) => (moment === null ? "–" : clock(new Date(moment)));
