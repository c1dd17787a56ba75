// A region and masks, drawn on a picture, and their text for settings and requests.

import { announce, byId, element, svg } from "./dom.js";

const DIGITS = 1000; // corners are told to a thousandth of the picture

const drawn = { region: [[]], masks: [[]] }; // polygons of [x, y], from 0 to 1
let form = null; // of options that take what is drawn
let board = null; // where it is drawn

/** Polygons of a text: x,y of each corner, polygons separated by semicolons; null where it is none. */
export function polygonsOf(text) {
  const polygons = text.split(";").map((part) => {
    const numbers = part.split(/[\s,]+/).filter(Boolean).map(Number);
    if (numbers.length % 2 || !numbers.every((one) => one >= 0 && one <= 1)) return null;
    return numbers.flatMap((x, i) => (i % 2 ? [] : [[x, numbers[i + 1]]]));
  });
  return polygons.includes(null) ? null : polygons;
}

export const textOfPolygons = (polygons) =>
  polygons.filter(({ length }) => length > 0).map((polygon) => polygon.flat().join(",")).join(";");

/** Opens the board on a picture or a frame of a video; `options` is a form that takes the result. */
export function openDrawing(picture, options = null) {
  form = options;
  byId("drawing-use").hidden = form === null;
  for (const name of Object.keys(drawn)) {
    drawn[name] = (form && polygonsOf(form.elements[name].value)) ?? [[]];
  }
  const width = picture?.naturalWidth || picture?.videoWidth || 1600;
  const height = picture?.naturalHeight || picture?.videoHeight || 900;
  const canvas = element("canvas", { width, height, role: "img", "aria-label": "What is drawn on" });
  if (picture) canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
  board = svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  board.addEventListener("click", ({ clientX, clientY }) => {
    const { left, top, width: across, height: down } = board.getBoundingClientRect();
    addCorner((clientX - left) / across, (clientY - top) / down);
  });
  byId("drawing").replaceChildren(canvas, board);
  show();
  byId("drawing-dialog").showModal();
}

export function startDrawing() {
  const dialog = byId("drawing-dialog");
  const text = byId("drawing-text");
  byId("drawing-form").addEventListener("change", show);
  text.addEventListener("input", () => {
    const polygons = polygonsOf(text.value);
    text.toggleAttribute("aria-invalid", polygons === null);
    if (polygons === null) return;
    drawn[mode()] = polygons;
    draw();
  });
  byId("drawing-undo").addEventListener("click", () => {
    const polygons = drawn[mode()];
    if (polygons.at(-1).length === 0 && polygons.length > 1) polygons.pop();
    polygons.at(-1).pop();
    show();
  });
  byId("drawing-next").addEventListener("click", () => {
    if (drawn.masks.at(-1).length > 2) drawn.masks.push([]);
    announce("The next corner begins a mask.");
  });
  byId("drawing-copy").addEventListener("click", async () => {
    text.select();
    const copied = navigator.clipboard
      ? await navigator.clipboard.writeText(text.value).then(() => true, () => false)
      : document.execCommand("copy");
    announce(copied ? "Copied." : "The browser did not allow copying.");
  });
  byId("drawing-close").addEventListener("click", () => dialog.close());
  byId("drawing-form").addEventListener("submit", (event) => {
    event.preventDefault();
    for (const name of form ? Object.keys(drawn) : []) {
      form.elements[name].value = textOfPolygons(drawn[name]);
    }
    dialog.close();
  });
}

const mode = () => byId("drawing-form").elements.drawn.value;

function addCorner(...place) {
  const corner = place.map((one) => Math.round(Math.min(1, Math.max(0, one)) * DIGITS) / DIGITS);
  drawn[mode()].at(-1).push(corner);
  show();
}

function show() {
  byId("drawing-next").hidden = mode() !== "masks";
  byId("drawing-text").value = textOfPolygons(drawn[mode()]);
  byId("drawing-text").removeAttribute("aria-invalid");
  draw();
}

function draw() {
  board.replaceChildren(
    ...Object.entries(drawn).flatMap(([name, polygons]) =>
      polygons
        .filter(({ length }) => length > 0)
        .map((polygon) => svg("polygon", { class: name, points: polygon.flat().join(" ") })),
    ),
  );
}
