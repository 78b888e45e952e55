/** Who is subscribed to what: the least that servers without channels of their own need. */
export class Subscribers<S> {
  readonly #channels = new Map<string, Set<S>>();
  readonly #users = new Map<string, S>();

  add(subscriber: S, channels: readonly string[]): void {
    for (const channel of channels) {
      const subscribers = this.#channels.get(channel);
      if (subscribers) subscribers.add(subscriber);
      else this.#channels.set(channel, new Set([subscriber]));
    }
  }

  enter(user: string, subscriber: S): void {
    this.#users.set(user, subscriber);
  }

  leave(user: string, subscriber: S): void {
    this.#users.delete(user);
    for (const subscribers of this.#channels.values()) subscribers.delete(subscriber);
  }

  of(channel: string): Iterable<S> {
    return this.#channels.get(channel) ?? [];
  }

  user(user: string): S | undefined {
    return this.#users.get(user);
  }
}

/** What a client of such a server says: what it wants, or what it has for others. */
export type Request =
  { readonly sub: readonly string[] } | { readonly pub: string; readonly data: readonly unknown[] };

/** The user in the address of a request. */
export function userOf(url: string | undefined): string {
  return new URL(url ?? '/', 'http://localhost').searchParams.get('user') ?? '';
}
