/** A tiny publish/subscribe for the parts of the page: who listens need not know the push client. */
export class Topics {
  #listeners = new Map();

  /** `listener(data, topic)` hears what is published on the topic; on `'*'` it hears everything. */
  subscribe(topic, listener) {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  publish(topic, data) {
    for (const name of [topic, '*']) {
      for (const listener of this.#listeners.get(name) ?? []) listener(data, topic);
    }
  }
}
