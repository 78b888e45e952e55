import { subscriptionsMatching } from './channel.js';

/** Receivers that are remembered for a tenant at most: peers choose the channels that they publish to. */
const REMEMBERED = 20_000;

/** The subscriptions of one tenant, and who was found to receive what since they last changed. */
class Index<S> {
  readonly subscribers = new Map<string, Set<S>>();
  readonly #matched = new Map<string, Iterable<S>>();
  #remembered = 0;

  match(channel: string): Iterable<S> {
    const known = this.#matched.get(channel);
    if (known) return known;
    let single: Set<S> | undefined;
    let union: Set<S> | undefined;
    for (const name of subscriptionsMatching(channel)) {
      const subscribers = this.subscribers.get(name);
      if (!subscribers) continue;
      if (union) for (const subscriber of subscribers) union.add(subscriber);
      else if (single) union = new Set([...single, ...subscribers]);
      else single = subscribers;
    }
    if (!single) return [];
    this.#remembered += union?.size ?? 1;
    if (this.#remembered > REMEMBERED) this.changed();
    const receivers = union ? [...union] : single;
    this.#matched.set(channel, receivers);
    return receivers;
  }

  changed(): void {
    this.#matched.clear();
    this.#remembered = 0;
  }
}

/**
 * Who receives what: for every tenant, subscription to subscribers. As a wildcard is always a whole last segment, the
 * names that can match a channel are few and follow from the channel itself, so that a match costs look-ups by the
 * depth of the channel and never a walk over subscriptions.
 */
export class Subscriptions<S> {
  readonly #tenants = new Map<string, Index<S>>();

  /** Subscriptions that somebody holds, over all tenants. */
  get size(): number {
    let size = 0;
    for (const { subscribers } of this.#tenants.values()) size += subscribers.size;
    return size;
  }

  /** Whether somebody holds a subscription of this very name, in one tenant or in any. */
  has(tenant: string | undefined, subscription: string): boolean {
    if (tenant !== undefined) return this.#tenants.get(tenant)?.subscribers.has(subscription) ?? false;
    return [...this.#tenants.values()].some(({ subscribers }) => subscribers.has(subscription));
  }

  /** Everyone who holds a subscription of this very name, in one tenant or in all. */
  of(tenant: string | undefined, subscription: string): Iterable<S> {
    if (tenant !== undefined) return this.#tenants.get(tenant)?.subscribers.get(subscription) ?? [];
    return [...this.#tenants.values()].flatMap(({ subscribers }) => [
      ...(subscribers.get(subscription) ?? []),
    ]);
  }

  add(tenant: string, subscription: string, subscriber: S): void {
    let index = this.#tenants.get(tenant);
    if (!index) {
      index = new Index<S>();
      this.#tenants.set(tenant, index);
    }
    const subscribers = index.subscribers.get(subscription);
    if (subscribers) subscribers.add(subscriber);
    else index.subscribers.set(subscription, new Set([subscriber]));
    index.changed();
  }

  /** @returns whether it was the last one of its name. */
  remove(tenant: string, subscription: string, subscriber: S): boolean {
    const index = this.#tenants.get(tenant);
    const subscribers = index?.subscribers.get(subscription);
    if (!index || !subscribers?.delete(subscriber)) return false;
    index.changed();
    if (subscribers.size > 0) return false;
    index.subscribers.delete(subscription);
    if (index.subscribers.size === 0) this.#tenants.delete(tenant);
    return true;
  }

  /** Everyone who receives a message on `channel`, each once however many of their subscriptions match. */
  match(tenant: string, channel: string): Iterable<S> {
    return this.#tenants.get(tenant)?.match(channel) ?? [];
  }
}
