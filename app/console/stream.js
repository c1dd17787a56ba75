// Server-sent events by `fetch`: an EventSource could not send the key.

import { ApiError, pause, request } from "./api.js";
import { linesOf } from "./lines.js";

const FIELDS = ["event", "id", "data"];
const SILENCE = 45_000; // the service says something every 15 s
const LONGEST = 30; // seconds between two attempts

/** The events of a body as they come, { event, id, data }; what is no event comes without data. */
export async function* eventsOf(body) {
  let event = {};
  for await (const line of linesOf(body)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (name === "data" && "data" in event) event.data += `\n${value}`;
    else if (FIELDS.includes(name)) event[name] = value;
    if (line !== "") continue;
    yield event;
    event = {};
  }
}

/**
 * Calls `onEvent` with each event until the signal, and connects again where it is cut off. `place`
 * holds the id of the last event, null at first: what came since is told first. `onState` is told
 * whether it is connected. Throws ApiError where there is no key.
 */
export async function follow(path, { signal, place, onEvent, onState }) {
  for (let failed = 0; !signal.aborted; failed += 1) {
    if (failed > 0) await pause(Math.min(LONGEST, 2 ** failed), signal);
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener("abort", end);
    let silence = null;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE);
    };
    heard();
    try {
      const headers = place.id === null ? {} : { "Last-Event-ID": place.id };
      const response = await request(path, { headers, prompt: false, signal: connection.signal });
      for await (const event of eventsOf(response.body)) {
        failed = 0;
        heard();
        onState(true);
        place.id = event.id ?? place.id;
        if (event.data !== undefined) onEvent(event);
      }
    } catch (error) {
      if (error.code === "unauthorized") throw error;
      if (!(error instanceof ApiError || error instanceof TypeError || error.name === "AbortError")) {
        throw error;
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
    }
    if (!signal.aborted) onState(false);
  }
}
