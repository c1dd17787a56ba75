// The pictures of this tab and what became of them. Knows nothing of how they are shown.

import { ApiError, predict } from "./api.js";

const SIDE_BY_SIDE = 2;

/**
 * Items are { id, name, blob | url, query, state, answer, roundTrip, error, waiting }; state goes from
 * "waiting" over "reading" to "done" or "failed". Events: "added" (items), "changed" (item),
 * "idle" when nothing is left to read.
 */
export class Queue extends EventTarget {
  items = [];
  #running = 0;
  #ids = 0;

  add(sources) {
    const added = sources.map((source) => ({ ...source, id: ++this.#ids, state: "waiting" }));
    this.items.push(...added);
    this.#tell("added", added);
    this.#proceed();
  }

  retry(items) {
    for (const item of items.filter(({ state }) => state === "failed")) {
      this.#change(item, { state: "waiting", error: undefined });
    }
    this.#proceed();
  }

  /** Forgets all pictures; what is being read will be answered into the void. */
  clear() {
    this.items = [];
    this.#tell("added", []);
  }

  count(...states) {
    return this.items.filter(({ state }) => states.includes(state)).length;
  }

  #proceed() {
    while (this.#running < SIDE_BY_SIDE) {
      const next = this.items.find(({ state }) => state === "waiting");
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
    this.#change(item, { state: "reading" });
    try {
      const read = await predict(item, (seconds) => this.#change(item, { waiting: seconds }));
      this.#change(item, { state: "done", waiting: undefined, ...read });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#change(item, { state: "failed", waiting: undefined, error });
      // Without a key the others would only ask for it again.
      if (error.code === "unauthorized") this.#fail(error);
    }
  }

  #fail(error) {
    for (const item of this.items.filter(({ state }) => state === "waiting")) {
      this.#change(item, { state: "failed", error });
    }
  }

  #change(item, changes) {
    Object.assign(item, changes);
    this.#tell("changed", item);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
