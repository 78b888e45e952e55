import type { MaybePromise, Principal } from './ports.js';
import type { Session } from './session.js';

/** Where sessions are found. Nothing else reads a `clientId`; an answer may come from another node. */
export interface SessionDirectory {
  find(clientId: string): MaybePromise<Session | undefined>;
}

/** The sessions of this node, by id and by whom they belong to. */
export class Sessions implements SessionDirectory {
  readonly #byId = new Map<string, Session>();
  readonly #byHolder = new Map<string, Map<string, Set<Session>>>();
  readonly #networkOf: (address: string | undefined) => string;

  /** @param networkOf under which name the clients of an address are counted together. */
  constructor(networkOf: (address: string | undefined) => string = (address) => address ?? 'unknown') {
    this.#networkOf = networkOf;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(clientId: string): Session | undefined {
    return this.#byId.get(clientId);
  }

  /** A snapshot: sessions may end while it is walked. */
  all(): Session[] {
    return [...this.#byId.values()];
  }

  /** All sessions of a user, on whatever transport. */
  ofUser(tenant: string, userId: string): Iterable<Session> {
    return this.#byHolder.get(tenant)?.get(userHolder(userId)) ?? [];
  }

  /** How many sessions the user or service has; those of anonymous clients are counted by the network of `address`. */
  countOf(principal: Principal, address: string | undefined): number {
    return this.#of(principal, address)?.size ?? 0;
  }

  /** The oldest of these sessions whose client's connection broke. */
  abandonedOf(principal: Principal, address: string | undefined): Session | undefined {
    for (const session of this.#of(principal, address) ?? []) if (session.abandoned) return session;
    return undefined;
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
    const { principal } = session;
    const holder = this.#holderOf(principal, session.state.client.address);
    let holders = this.#byHolder.get(principal.tenant);
    if (!holders) {
      holders = new Map<string, Set<Session>>();
      this.#byHolder.set(principal.tenant, holders);
    }
    const sessions = holders.get(holder);
    if (sessions) sessions.add(session);
    else holders.set(holder, new Set([session]));
  }

  remove(session: Session): void {
    this.#byId.delete(session.id);
    const { principal } = session;
    const holder = this.#holderOf(principal, session.state.client.address);
    const holders = this.#byHolder.get(principal.tenant);
    const sessions = holders?.get(holder);
    if (!holders || !sessions) return;
    sessions.delete(session);
    if (sessions.size === 0) holders.delete(holder);
    if (holders.size === 0) this.#byHolder.delete(principal.tenant);
  }

  /** Whose session it is, in all tenants: of a user, a service, or for anonymous clients a network. */
  holderOf({ principal, state }: Session): string {
    return `${principal.tenant} ${this.#holderOf(principal, state.client.address)}`;
  }

  #of(principal: Principal, address: string | undefined): Set<Session> | undefined {
    return this.#byHolder.get(principal.tenant)?.get(this.#holderOf(principal, address));
  }

  #holderOf({ kind, userId, identity }: Principal, address: string | undefined): string {
    if (kind === 'anonymous') return `network ${this.#networkOf(address)}`;
    if (userId !== null) return userHolder(userId);
    // A user of a verifier of the application may have no id that messages could be sent to.
    return kind === 'service' ? `service ${identity}` : `identity ${identity}`;
  }
}

function userHolder(userId: string): string {
  return `user ${userId}`;
}
