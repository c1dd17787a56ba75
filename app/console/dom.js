// Building elements without a template language: text stays text, so nothing read can become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Attributes `on…` are listeners, `style` is an object of custom properties; attributes
 * and children that are null or false are left out.
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Shows what an event brought to people who do not see it. */
export function announce(text) {
  byId("announcer").textContent = text;
}

export const percent = (share, digits = 0) => `${(share * 100).toFixed(digits)} %`;

/** Milliseconds as people read them. */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** A time in a video, from its seconds. */
export function moment(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

/** A time of the clock, with its day where that is not today. */
export function clock(time) {
  const text = time.toLocaleTimeString("en-NZ", { hourCycle: "h23" });
  const today = time.toDateString() === new Date().toDateString();
  return today ? text : `${time.toLocaleDateString("en-NZ")}, ${text}`;
}

const shown = (child) => child !== null && child !== undefined && child !== false;

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    } else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter(shown));
  return node;
}
