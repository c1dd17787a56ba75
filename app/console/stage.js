// The picture with the plates' boxes drawn over it.

import { byId, element, svg } from "./dom.js";

let shown = null; // { item, address, picture }

/** Shows an item's picture and its boxes; `chosen` is the index of the plate in the result. */
export function showStage(item, chosen, choose) {
  if (shown?.item !== item) shown = { item, ...open(item) };
  const answer = item.answer;
  const size = answer?.image ?? { width: 16, height: 10 };
  const frame = element(
    "div",
    { class: "frame", style: { "--width": size.width, "--height": size.height } },
    shown.picture,
    answer && boxes(answer, chosen, choose),
  );
  if (item.state === "waiting" || item.state === "reading") frame.classList.add("busy");
  byId("stage").replaceChildren(frame, caption(item));
}

export function clearStage() {
  if (shown === null) return;
  if (shown.address) URL.revokeObjectURL(shown.address);
  shown = null;
  byId("stage").replaceChildren();
}

/** The picture on the page, null where there is none. */
export const pictureShown = () => (shown?.picture instanceof HTMLImageElement ? shown.picture : null);

/** The part of the picture that holds a plate, as a canvas; null where there is no picture. */
export function cutOut({ x, y, width, height }) {
  const picture = shown?.picture;
  if (!(picture instanceof HTMLImageElement) || !picture.complete || !picture.naturalWidth) {
    return null;
  }
  const margin = 0.06 * width;
  const [outerWidth, outerHeight] = [width + 2 * margin, height + 2 * margin];
  const scale = Math.max(1, 480 / outerWidth);
  const canvas = element("canvas", {
    class: "cut-out",
    width: Math.round(outerWidth * scale),
    height: Math.round(outerHeight * scale),
    role: "img",
    "aria-label": "The plate as it is in the picture",
  });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const source = [x - margin, y - margin, outerWidth, outerHeight];
  context.drawImage(picture, ...source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function open(item) {
  if (!item.blob) return { picture: blank("Fetched by the service; this page loads nothing else.") };
  const address = URL.createObjectURL(item.blob);
  const picture = element("img", {
    src: address,
    alt: `Picture ${item.name}`,
    onload: () => byId("stage").dispatchEvent(new Event("picture")),
    onerror: () => {
      const notice = blank("This browser cannot show the file.");
      picture.replaceWith(notice);
      if (shown?.picture === picture) shown.picture = notice;
    },
  });
  return { address, picture };
}

const blank = (text) => element("p", { class: "blank" }, text);

function boxes({ image, plates }, chosen, choose) {
  return svg(
    "svg",
    { class: "boxes", viewBox: `0 0 ${image.width} ${image.height}`, "aria-hidden": "true" },
    plates.map(({ bbox }, i) => {
      const place = { x: bbox.x, y: bbox.y, width: bbox.width, height: bbox.height, rx: 2 };
      return svg(
        "g",
        { class: i === chosen ? "box chosen" : "box", onclick: () => choose(i) },
        svg("rect", { class: "halo", ...place }),
        svg("rect", { class: "line", ...place }),
      );
    }),
  );
}

function caption(item) {
  const size = item.answer ? `${item.answer.image.width} × ${item.answer.image.height} pixels` : "";
  return element(
    "p",
    { class: "caption" },
    element("span", { class: "name" }, item.name),
    element("span", {}, size),
  );
}
