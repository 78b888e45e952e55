import { AuthUnavailableError } from './token-verifier.js';

/** For what a token is verified. The lanes do not wait for each other. */
export type VerificationLane =
  /** Messages of clients of the push server. */
  | 'clients'
  /** Requests to controllers. */
  | 'controllers'
  /** Tokens of sessions that live already. */
  | 'rechecks'
  /** Calls of the application itself. */
  | 'application';

/** Whose work it is, so that each gets a fair share. */
export interface Share {
  readonly lane: VerificationLane;
  /** The network, or the session, that the work is counted for. */
  readonly party: string;
}

/** The share of an application that verifies tokens by itself. */
export const APPLICATION: Share = { lane: 'application', party: '' };

/** How much goes on at a time, and how much may wait for it. */
export interface ConcurrencyBounds {
  /** Tasks that run at a time. */
  readonly running: number;
  /** Tasks of one lane that may wait for their turn. */
  readonly waiting: number;
  /** Milliseconds after which one that waits is not started any more: whoever asked has given up. */
  readonly patience: number;
  /** Tasks of one party that run at a time; below one, those that wait are refused. @default three quarters of all */
  readonly ofParty?: (share: Share) => number;
  /** Tasks of one party that may wait. @default as many as of its lane */
  readonly waitingOfParty?: number;
  /** Milliseconds after which a task counts as lost and no longer takes room. @default never */
  readonly lostAfter?: number;
  /** What a party is told that may run nothing at present. @default that too many tokens wait */
  readonly refusal?: (share: Share) => Error;
}

interface Job {
  readonly since: number;
  readonly start: () => void;
  readonly refuse: (error: Error) => void;
}

/** What runs and waits for one party. It is there only while something does. */
interface Party {
  readonly share: Share;
  /** When each running task began. */
  readonly running: Set<{ readonly at: number }>;
  readonly waiting: Job[];
}

/** Parties take turns: the one that was served last stands behind the others. */
interface Lane {
  running: number;
  waiting: number;
  readonly parties: Map<string, Party>;
}

/**
 * Runs so many tasks at a time, lets so many more wait, and refuses the rest. Lanes take turns, and in a lane its parties
 * do, so that a party with a thousand tasks does not hold up another with one. If too many wait, the newest task of the
 * party with the most is refused. A tenth of the room is kept from any single lane, and a quarter from any single party.
 *
 * @internal
 */
export class ConcurrencyLimit {
  readonly #bounds: ConcurrencyBounds;
  readonly #now: () => number;
  readonly #lanes = new Map<VerificationLane, Lane>();
  readonly #laneRoom: number;
  readonly #partyRoom: number;
  #running = 0;

  /** @param now milliseconds that pass evenly. */
  constructor(bounds: ConcurrencyBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
    const { running } = bounds;
    this.#laneRoom = Number.isFinite(running) ? running - Math.floor(running / 10) : Infinity;
    this.#partyRoom = Number.isFinite(running) ? running - Math.floor(running / 4) : Infinity;
  }

  /** Tasks that wait. */
  get waiting(): number {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.waiting;
    return waiting;
  }

  /**
   * @throws AuthUnavailableError as a rejection, if too many wait or this one has waited for too long.
   * @throws what `refusal` makes, if the party may run nothing at present.
   */
  async run<T>(task: () => Promise<T>, share: Share = APPLICATION): Promise<T> {
    const lane = this.#laneOf(share);
    this.#forgetLost(lane, lane.parties.get(share.party));
    const party = this.#partyOf(lane, share);
    const mark = { at: this.#now() };
    const begin = (): void => {
      this.#running++;
      lane.running++;
      party.running.add(mark);
    };
    if (party.waiting.length === 0 && this.#mayStart(lane, party)) begin();
    else await this.#turn(lane, party, begin);
    try {
      return await task();
    } finally {
      this.#left(lane, party, mark);
      this.#next();
    }
  }

  #turn(lane: Lane, party: Party, begin: () => void): Promise<void> {
    return new Promise((resolve, refuse) => {
      const start = (): void => {
        begin();
        resolve();
      };
      if (this.#roomOf(party) < 1) refuse(this.#refusal(party));
      else if (!this.#makeRoom(lane, party)) refuse(new AuthUnavailableError(TOO_MANY));
      else {
        party.waiting.push({ since: this.#now(), start, refuse });
        lane.waiting++;
      }
      this.#tidy(lane, party);
    });
  }

  /** @returns whether one more of the party may wait. */
  #makeRoom(lane: Lane, party: Party): boolean {
    const { waiting, waitingOfParty = waiting } = this.#bounds;
    if (party.waiting.length >= waitingOfParty) return false;
    if (lane.waiting < waiting) return true;
    let longest = party;
    for (const other of lane.parties.values()) {
      if (other.waiting.length > longest.waiting.length + 1) longest = other;
    }
    const newest = longest === party ? undefined : longest.waiting.pop();
    if (!newest) return false;
    lane.waiting--;
    newest.refuse(new AuthUnavailableError(TOO_MANY));
    return true;
  }

  /** Starts what may be started, one of each lane and one of each party in turn. */
  #next(): void {
    for (let started = true; started && this.#running < this.#bounds.running;) {
      started = false;
      for (const [name, lane] of this.#lanes) {
        if (lane.waiting === 0 || !this.#serve(lane)) continue;
        started = true;
        this.#lanes.delete(name);
        this.#lanes.set(name, lane);
        break;
      }
    }
  }

  /** @returns whether a task of the lane was started. */
  #serve(lane: Lane): boolean {
    for (const [name, party] of lane.parties) {
      if (party.waiting.length > 0) this.#refuseOverdue(lane, party);
      if (party.waiting.length > 0 && this.#mayStart(lane, party)) {
        party.waiting.shift()?.start();
        lane.waiting--;
        lane.parties.delete(name);
        lane.parties.set(name, party);
        return true;
      }
      this.#tidy(lane, party);
    }
    return false;
  }

  /** Tasks wait in the order in which they came, so that those at the front have waited for longest. */
  #refuseOverdue(lane: Lane, party: Party): void {
    const exhausted = this.#roomOf(party) < 1;
    const now = this.#now();
    for (let first = party.waiting[0]; first !== undefined; first = party.waiting[0]) {
      if (!exhausted && now - first.since < this.#bounds.patience) return;
      party.waiting.shift();
      lane.waiting--;
      first.refuse(exhausted ? this.#refusal(party) : new AuthUnavailableError('the issuer is slow'));
    }
  }

  #mayStart(lane: Lane, party: Party): boolean {
    if (this.#running >= this.#bounds.running || lane.running >= this.#laneRoom) return false;
    return party.running.size < Math.floor(this.#roomOf(party));
  }

  #roomOf({ share }: Party): number {
    return this.#bounds.ofParty?.(share) ?? this.#partyRoom;
  }

  #refusal({ share }: Party): Error {
    return this.#bounds.refusal?.(share) ?? new AuthUnavailableError(TOO_MANY);
  }

  /** A task that never ends must not keep its party out for ever. */
  #forgetLost(lane: Lane, party: Party | undefined): void {
    const { lostAfter } = this.#bounds;
    if (lostAfter === undefined || !party) return;
    const now = this.#now();
    for (const mark of party.running) {
      if (now - mark.at < lostAfter) return;
      this.#left(lane, party, mark);
    }
  }

  #left(lane: Lane, party: Party, mark: { readonly at: number }): void {
    if (!party.running.delete(mark)) return;
    this.#running--;
    lane.running--;
    this.#tidy(lane, party);
  }

  #laneOf({ lane: name }: Share): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { running: 0, waiting: 0, parties: new Map<string, Party>() };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #partyOf(lane: Lane, share: Share): Party {
    let party = lane.parties.get(share.party);
    if (!party) {
      party = { share, running: new Set(), waiting: [] };
      lane.parties.set(share.party, party);
    }
    return party;
  }

  #tidy(lane: Lane, party: Party): void {
    if (party.running.size > 0 || party.waiting.length > 0) return;
    // Another may have come under its name.
    if (lane.parties.get(party.share.party) === party) lane.parties.delete(party.share.party);
  }
}

const TOO_MANY = 'too many tokens wait to be asked about';
