// The pictures and videos of this tab and what became of them. Knows nothing of how they are shown.

import { ApiError, predict } from "./api.js";
import { readVideo } from "./video.js";

const SIDE_BY_SIDE = 2;

/**
 * Items are { id, kind, name, blob | url, query, state, answer, roundTrip, error, waiting }; kind is
 * "picture" or "video", which has `passes`, too; state goes from "waiting" over "reading" to "done",
 * "failed" or "cancelled". Events: "added" (items), "changed" (item), "idle" when nothing is left.
 */
export class Queue extends EventTarget {
  items = [];
  #running = 0;
  #ids = 0;
  #cancels = new Map(); // item that is being read to what ends that

  add(sources) {
    const added = sources.map((source) => ({ ...source, id: ++this.#ids, state: "waiting" }));
    this.items.push(...added);
    this.#tell("added", added);
    this.#proceed();
  }

  retry(items) {
    for (const item of items.filter(({ state }) => state === "failed" || state === "cancelled")) {
      this.#change(item, { state: "waiting", error: undefined });
    }
    this.#proceed();
  }

  cancel(item) {
    if (item.state === "waiting") this.#change(item, { state: "cancelled" });
    else this.#cancels.get(item)?.abort();
  }

  /** Forgets all of them, and ends what is being read. */
  clear() {
    this.items = [];
    for (const cancel of this.#cancels.values()) cancel.abort();
    this.#tell("added", []);
  }

  count(...states) {
    return this.items.filter(({ state }) => states.includes(state)).length;
  }

  #proceed() {
    while (this.#running < SIDE_BY_SIDE) {
      // One video at a time: the service reads few, and each takes long.
      const busy = [...this.#cancels.keys()].some(({ kind }) => kind === "video");
      const next = this.items.find(
        ({ state, kind }) => state === "waiting" && !(busy && kind === "video"),
      );
      if (next === undefined) break;
      this.#running += 1;
      this.#read(next).finally(() => {
        this.#running -= 1;
        this.#proceed();
        if (this.#running === 0) this.#tell("idle");
      });
    }
  }

  async #read(item) {
    const cancel = new AbortController();
    this.#cancels.set(item, cancel);
    this.#change(item, { state: "reading" });
    const way = { signal: cancel.signal, report: (changes) => this.#change(item, changes) };
    try {
      const read = await (item.kind === "video" ? readVideo(item, way) : predict(item, way));
      this.#change(item, { state: "done", waiting: undefined, ...read });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "cancelled") {
        return this.#change(item, { state: "cancelled", waiting: undefined });
      }
      this.#change(item, { state: "failed", waiting: undefined, error });
      // Without a key the others would only ask for it again.
      if (error.code === "unauthorized") this.#fail(error);
    } finally {
      this.#cancels.delete(item);
    }
  }

  #fail(error) {
    for (const item of this.items.filter(({ state }) => state === "waiting")) {
      this.#change(item, { state: "failed", error });
    }
  }

  #change(item, changes) {
    Object.assign(item, changes);
    if (this.items.includes(item)) this.#tell("changed", item); // not where it is forgotten
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
