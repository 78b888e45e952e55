import type { Audit } from './audit.js';
import type { BayeuxOptions } from './bayeux-options.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import type { Deadline, Engine, Logger, MaybePromise, Principal, Scheduler } from './ports.js';
import {
  areRevokedAlike,
  isRevoked,
  type Revocable,
  type Revocation,
  type RevocationResult,
} from './revocation.js';
import type { Sessions } from './sessions.js';

/** How often a node asks for what its engine may have failed to tell it. */
const SWEEP = 30_000;
/** By how much the clocks of nodes may differ, and a revocation may take to be stored. */
const OVERLAP = 60_000;

/** What is known of a principal; `unknown` if it cannot be told at present. */
export type Standing = 'good' | 'revoked' | 'unknown';

/** What revocations need of their server. */
export interface RevocationHost {
  readonly options: BayeuxOptions;
  readonly scheduler: Scheduler;
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly logger: Logger;
}

/** A look-up whose answer is still to come. */
interface Question {
  readonly revocable: Revocable;
  revoked: boolean;
}

/** Who is no longer welcome: the sessions of this node end when it hears of it, and newcomers are looked up. */
export class Revocations {
  readonly #host: RevocationHost;
  readonly #revocableOf: (principal: Principal) => Revocable;
  readonly #questions = new Set<Question>();
  #sweep: Deadline | undefined;
  /** All that was stored before has been looked at: by the wall clock, as the engine has it, and by ours. */
  #swept = { wallTime: 0, at: 0 };

  constructor(host: RevocationHost, revocableOf: (principal: Principal) => Revocable) {
    this.#host = host;
    this.#revocableOf = revocableOf;
  }

  /** Whether nothing can revoke one of two principals and not the other. */
  areAlike(left: Principal, right: Principal): boolean {
    return areRevokedAlike(this.#revocableOf(left), this.#revocableOf(right));
  }

  /**
   * Runs `next` with the standing of a principal. A revocation that is heard of meanwhile counts, and none can come
   * between the answer and `next`: a session that this lets begin is there for the next one to find.
   */
  ask<T>(principal: Principal, next: (standing: Standing) => MaybePromise<T>): MaybePromise<T> {
    const revocable = this.#revocableOf(principal);
    if (revocable.keys.length === 0) return next('good');
    const question: Question = { revocable, revoked: false };
    this.#questions.add(question);
    const answered = (standing: Standing): MaybePromise<T> => {
      this.#questions.delete(question);
      return next(question.revoked ? 'revoked' : standing);
    };
    const judged = (found: readonly Revocation[]): MaybePromise<T> =>
      answered(isRevoked(revocable, found) ? 'revoked' : 'good');
    const failed = (error: unknown): MaybePromise<T> => {
      this.#host.logger.error('Revocations cannot be looked up, so nobody is let in.', error);
      return answered('unknown');
    };
    let found: MaybePromise<readonly Revocation[]>;
    try {
      found = this.#limited('Looking up revocations', () => this.#host.engine.revoked(revocable.keys));
    } catch (error) {
      return failed(error);
    }
    return isThenable(found) ? found.then(judged, failed) : judged(found);
  }

  /**
   * Revokes on all nodes. A session that should have ended cannot begin anew once this has returned.
   *
   * @throws what the engine throws if it could not store the revocation: it may be without effect then.
   */
  revoke(revocation: Revocation): MaybePromise<RevocationResult> {
    return this.#limited('Revoking', () => this.#host.engine.revoke(revocation));
  }

  /** A revocation was stored, by this node or another one. */
  heard(revocation: Revocation): RevocationResult {
    for (const question of this.#questions) {
      question.revoked ||= isRevoked(question.revocable, [revocation]);
    }
    return { sessions: this.#end([revocation]) };
  }

  /** A session has begun: from now on nothing may be missed. */
  watch(): void {
    const { engine, scheduler } = this.#host;
    if (!engine.revokedSince) return;
    this.#sweep ??= scheduler.deadline(() => {
      this.#run();
    });
    if (this.#sweep.due !== undefined) return;
    this.#swept = { wallTime: scheduler.wallTime(), at: scheduler.now() };
    this.#sweep.moveTo(this.#swept.at + SWEEP);
  }

  #run(): void {
    const { engine, scheduler, sessions, logger } = this.#host;
    // Whoever comes next is looked up, and has the sweeps begin again.
    if (sessions.size === 0) return;
    const before = this.#swept;
    const now = { wallTime: scheduler.wallTime(), at: scheduler.now() };
    this.#sweep?.moveTo(now.at + SWEEP);
    // Where the wall clock was set back since, what has been stored meanwhile bears earlier times than expected.
    const since = Math.min(before.wallTime, now.wallTime - (now.at - before.at)) - OVERLAP;
    const swept = (found: readonly Revocation[]): void => {
      this.#swept = now;
      if (found.length > 0) this.#end(found);
    };
    const failed = (error: unknown): void => {
      logger.error(
        'Revocations cannot be looked up: some that were missed may not have ended sessions.',
        error,
      );
    };
    try {
      const found = this.#limited('Looking up revocations', () => engine.revokedSince?.(since) ?? []);
      if (isThenable(found)) found.then(swept, failed);
      else swept(found);
    } catch (error) {
      failed(error);
    }
  }

  #end(revocations: readonly Revocation[]): number {
    const { scheduler, sessions, audit } = this.#host;
    const current = revocations.filter(({ until }) => until > scheduler.wallTime());
    let ended = 0;
    for (const session of sessions.all()) {
      const { principal, state } = session;
      if (session.ended || !isRevoked(this.#revocableOf(principal), current)) continue;
      audit.record({ type: 'session_revoked', principal, address: state.client.address });
      session.end('revoked');
      ended++;
    }
    return ended;
  }

  #limited<T>(what: string, ask: () => MaybePromise<T>): MaybePromise<T> {
    return withTimeLimit(this.#host.scheduler, this.#host.options.hookTimeout, what, ask);
  }
}
