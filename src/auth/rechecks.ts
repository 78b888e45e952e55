import type { Audit } from '../bayeux/audit.js';
import type { Deadline, Logger, Scheduler } from '../bayeux/ports.js';
import type { Session } from '../bayeux/session.js';
import type { Sessions } from '../bayeux/sessions.js';
import type { CometPrincipal } from './comet-principal.js';
import { failureCode } from './failure-code.js';

/** Tokens that are asked about at a time: those of newcomers have most of the issuer's patience. */
const AT_A_TIME = 5;
/** Looks within the shortest time between two questions. */
const LOOKS = 10;

/** Can be asked again about tokens that it found good. */
export interface TokenRechecker {
  /** The shortest time after which a token is asked about again, in milliseconds; 0 if none ever is. */
  readonly shortestRecheck: number;
  /** The same for the token of one principal. */
  recheckAfter(principal: CometPrincipal): number;
  /** @returns false if the token was withdrawn. @throws whatever keeps that from being told. */
  recheck(principal: CometPrincipal): Promise<boolean>;
}

/** What is needed of the server. */
export interface RecheckHost {
  readonly sessions: Sessions;
  readonly scheduler: Scheduler;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly random: () => number;
}

/**
 * Asks about the tokens of living sessions now and then, as issuers tell nobody what they have withdrawn (RFC 7009). The
 * sessions of one that was withdrawn end. If it cannot be told they go on, until the next time or their token's end.
 */
export class Rechecks {
  readonly #host: RecheckHost;
  readonly #rechecker: TokenRechecker;
  readonly #deadline: Deadline;
  readonly #every: number;
  /** When each token was asked about last. */
  readonly #asked = new WeakMap<CometPrincipal, number>();
  #asking = false;

  constructor(host: RecheckHost, rechecker: TokenRechecker) {
    this.#host = host;
    this.#rechecker = rechecker;
    this.#every = Math.ceil(rechecker.shortestRecheck / LOOKS);
    this.#deadline = host.scheduler.deadline(() => {
      this.#look();
    });
  }

  /** A session has begun. */
  sessionAdded(): void {
    if (this.#deadline.due === undefined) this.#arm();
  }

  /** A session has ended; nothing is waited for without any. */
  sessionRemoved(): void {
    if (this.#host.sessions.size === 0) this.#deadline.cancel();
  }

  #arm(): void {
    this.#deadline.moveTo(this.#host.scheduler.now() + this.#every);
  }

  #look(): void {
    const { sessions, scheduler } = this.#host;
    if (sessions.size === 0) return;
    this.#arm();
    // A slow issuer is not asked more than it can answer.
    if (this.#asking) return;
    const due = this.#due(sessions.all(), scheduler.now());
    if (due.size === 0) return;
    this.#asking = true;
    void this.#askAll([...due]).finally(() => {
      this.#asking = false;
    });
  }

  #due(sessions: readonly Session[], now: number): Map<CometPrincipal, Session[]> {
    const due = new Map<CometPrincipal, Session[]>();
    for (const session of sessions) {
      const principal = session.principal as CometPrincipal;
      const after = this.#rechecker.recheckAfter(principal);
      if (after === 0) continue;
      const asked = this.#asked.get(principal);
      if (asked === undefined) {
        // Clients come back all at once; their tokens are asked about one by one.
        this.#asked.set(principal, now - (this.#host.random() * after) / LOOKS);
      } else if (now - asked >= after) {
        const holders = due.get(principal);
        if (holders) holders.push(session);
        else due.set(principal, [session]);
      }
    }
    return due;
  }

  async #askAll(due: [CometPrincipal, Session[]][]): Promise<void> {
    const one = async (): Promise<void> => {
      for (let next = due.pop(); next; next = due.pop()) await this.#ask(...next);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, one));
  }

  async #ask(principal: CometPrincipal, holders: readonly Session[]): Promise<void> {
    const { scheduler, audit, logger } = this.#host;
    let good: boolean;
    try {
      good = await this.#rechecker.recheck(principal);
    } catch (error) {
      logger.debug(`The token ${principal.tokenRef} cannot be asked about again: ${failureCode(error)}.`);
      audit.record({ type: 'issuer_unavailable', principal });
      good = true;
    }
    this.#asked.set(principal, scheduler.now());
    if (good) return;
    for (const session of holders) {
      // It may have got a newer one meanwhile.
      if (session.ended || session.principal !== principal) continue;
      const { address } = session.state.client;
      audit.record({
        type: 'session_revoked',
        principal,
        address,
        reason: 'the issuer has withdrawn the token',
      });
      session.end('revoked');
    }
  }
}
