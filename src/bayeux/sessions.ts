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

  /** How many sessions the user or service has; 0 for anonymous principals. */
  countOf(principal: Principal): number {
    return this.#of(principal)?.size ?? 0;
  }

  /** The oldest session of the user or service whose client's connection broke. */
  abandonedOf(principal: Principal): Session | undefined {
    return [...(this.#of(principal) ?? [])].find((session) => session.abandoned);
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
    const { principal } = session;
    const holder = holderOf(principal);
    if (!holder) return;
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
    const holder = holderOf(principal);
    const holders = this.#byHolder.get(principal.tenant);
    const sessions = this.#of(principal);
    if (!holder || !holders || !sessions) return;
    sessions.delete(session);
    if (sessions.size === 0) holders.delete(holder);
    if (holders.size === 0) this.#byHolder.delete(principal.tenant);
  }

  #of(principal: Principal): Set<Session> | undefined {
    const holder = holderOf(principal);
    return holder === undefined ? undefined : this.#byHolder.get(principal.tenant)?.get(holder);
  }
}

function holderOf(principal: Principal): string | undefined {
  if (principal.userId !== null) return userHolder(principal.userId);
  return principal.kind === 'service' ? `service ${principal.identity}` : undefined;
}

function userHolder(userId: string): string {
  return `user ${userId}`;
}
