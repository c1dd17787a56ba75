// The queue as a CSV file: a line for each plate or pass, and one for each file without any.

import { foundIn, timeOf } from "./parts.js";

const box = (plate) => plate?.bbox ?? plate?.best.bbox;

const COLUMNS = {
  file: (item) => item.name,
  plate: (item, plate) => plate?.corrected_plate ?? plate?.validation.normalized,
  as_read: (item, plate) => plate?.plate,
  confidence: (item, plate) => plate?.confidence,
  valid: (item, plate) => plate?.validation.valid,
  cut: (item, plate) => plate?.cut,
  format: (item, plate) => plate?.correction?.format ?? plate?.validation.format,
  plate_confidence: (item, plate) => plate?.plate_confidence ?? plate?.best?.plate_confidence,
  text_confidence: (item, plate) => plate?.text_confidence ?? plate?.best?.text_confidence,
  detection_confidence: (item, plate) => plate?.detection_confidence ?? plate?.best?.detection_confidence,
  x: (item, plate) => box(plate)?.x,
  y: (item, plate) => box(plate)?.y,
  width: (item, plate) => box(plate)?.width,
  height: (item, plate) => box(plate)?.height,
  total_ms: (item) => item.answer && timeOf(item.answer),
  error: (item) => item.error?.message,
  first_seen_s: (item, plate) => plate?.first_seen_s,
  last_seen_s: (item, plate) => plate?.last_seen_s,
  reads: (item, plate) => plate?.reads,
  agreeing: (item, plate) => plate?.agreeing,
};

/** One cell. Text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const inert = /^\s*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

export function table(items) {
  const lines = items.flatMap((item) => {
    const found = foundIn(item);
    return (found.length ? found : [null]).map((plate) =>
      Object.values(COLUMNS).map((column) => cell(column(item, plate))),
    );
  });
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

export function download(items) {
  // The byte-order mark tells spreadsheets that this is UTF-8.
  const blob = new Blob(["\ufeff", table(items)], { type: "text/csv;charset=utf-8" });
  saveFile(blob, `plates-${new Date().toISOString().slice(0, 16).replace(/\D/g, "")}.csv`);
}

/** Lets the browser keep it as a file of that name. */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
