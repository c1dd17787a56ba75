// A New Zealand plate as SVG. Units are millimetres of the real thing: 360 x 125.

import { element, svg } from "./dom.js";
import { glyph, SKELETONS } from "./lettering.js";

const WIDTH = 360;
const HEIGHT = 125;
const CELL = 45;
const TALL = 80;
const PEN = 11.5;
const SPACE = 8;
const GROUP_SPACE = 20;
const MARGIN = 20;

/** The plate with a text on it, named for those who do not see it; a space in it is a gap. */
export function plate(text, { className = "" } = {}) {
  return svg(
    "svg",
    {
      class: `plate ${className}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": `Plate ${spelled(text)}`,
    },
    svg("rect", { class: "sheet", width: WIDTH, height: HEIGHT, rx: 11 }),
    svg("rect", { class: "rim", x: 5, y: 5, width: WIDTH - 10, height: HEIGHT - 10, rx: 7.5 }),
    [86, WIDTH - 86].map((x) => svg("circle", { class: "bolt", cx: x, cy: 13.5, r: 3.4 })),
    serial(text),
  );
}

/** One character on its own, as tall as the line it stands in. */
export function character(text) {
  if (!(text in SKELETONS)) return element("span", { class: "glyph" }, text);
  return svg(
    "svg",
    { class: "glyph", viewBox: `0 0 ${CELL} ${TALL}`, "aria-hidden": "true" },
    glyph(text, { width: CELL, height: TALL, pen: PEN }),
  );
}

/** Letters one by one, or a screen reader would try to say a word. */
export const spelled = (text) => [...text].join(" ");

function serial(text) {
  // Letters and digits stand in groups of their own.
  const groups = text.match(/\d+|[^\d ]+/g) ?? [];
  const characters = groups.join("");
  const spaces = groups.flatMap((group, nth) =>
    [...group].map((_, i) => (i > 0 ? SPACE : nth > 0 ? GROUP_SPACE : 0)),
  );
  const natural = characters.length * CELL + spaces.reduce((sum, space) => sum + space, 0);
  const squeeze = Math.min(1, (WIDTH - 2 * MARGIN) / natural);
  let x = (WIDTH - natural * squeeze) / 2;
  return svg(
    "g",
    { class: "serial" },
    [...characters].map((one, i) => {
      x += spaces[i] * squeeze;
      const width = CELL * squeeze;
      const place = { x, y: 28, width, height: TALL, pen: Math.min(PEN, width * 0.27) };
      x += width;
      if (one in SKELETONS) return glyph(one, place);
      return svg("text", { x: place.x + width / 2, y: 104, "text-anchor": "middle" }, one);
    }),
  );
}
