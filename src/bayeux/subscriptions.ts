import { subscriptionsMatching } from './channel.js';

/**
 * Who receives what: for every tenant, subscription to subscribers. As a wildcard is always a whole last segment, the
 * names that can match a channel are few and follow from the channel itself, so that a match costs look-ups by the
 * depth of the channel and never a walk over subscriptions.
 */
export class Subscriptions<S> {
  readonly #tenants = new Map<string, Map<string, Set<S>>>();

  /** Subscriptions that somebody holds, over all tenants. */
  get size(): number {
    let size = 0;
    for (const index of this.#tenants.values()) size += index.size;
    return size;
  }

  /** Whether somebody holds a subscription of this very name, in one tenant or in any. */
  has(tenant: string | undefined, subscription: string): boolean {
    if (tenant !== undefined) return this.#tenants.get(tenant)?.has(subscription) ?? false;
    return [...this.#tenants.values()].some((index) => index.has(subscription));
  }

  /** Everyone who holds a subscription of this very name, in one tenant or in all. */
  of(tenant: string | undefined, subscription: string): Iterable<S> {
    if (tenant !== undefined) return this.#tenants.get(tenant)?.get(subscription) ?? [];
    return [...this.#tenants.values()].flatMap((index) => [...(index.get(subscription) ?? [])]);
  }

  add(tenant: string, subscription: string, subscriber: S): void {
    let index = this.#tenants.get(tenant);
    if (!index) {
      index = new Map<string, Set<S>>();
      this.#tenants.set(tenant, index);
    }
    const subscribers = index.get(subscription);
    if (subscribers) subscribers.add(subscriber);
    else index.set(subscription, new Set([subscriber]));
  }

  /** @returns whether it was the last one of its name. */
  remove(tenant: string, subscription: string, subscriber: S): boolean {
    const index = this.#tenants.get(tenant);
    const subscribers = index?.get(subscription);
    if (!index || !subscribers?.delete(subscriber)) return false;
    if (subscribers.size > 0) return false;
    index.delete(subscription);
    if (index.size === 0) this.#tenants.delete(tenant);
    return true;
  }

  /** Everyone who receives a message on `channel`, each once however many of their subscriptions match. */
  match(tenant: string, channel: string): Iterable<S> {
    const index = this.#tenants.get(tenant);
    if (!index) return [];
    let single: Set<S> | undefined;
    let union: Set<S> | undefined;
    for (const name of subscriptionsMatching(channel)) {
      const subscribers = index.get(name);
      if (!subscribers) continue;
      if (union) for (const subscriber of subscribers) union.add(subscriber);
      else if (single) union = new Set([...single, ...subscribers]);
      else single = subscribers;
    }
    return union ?? single ?? [];
  }
}
