import { type Advice, adviseHandshake, adviseRetry } from './advice.js';
import type { AuditEventType } from './audit.js';
import { BayeuxErrors } from './errors.js';
import { failure, type Incoming } from './incoming.js';
import type { JsonObject, Reply } from './message.js';
import type { Deadline, Principal } from './ports.js';
import type { Session } from './session.js';
import type { SessionHost } from './session-state.js';

/** Where a client presents a newer token, and gets notices about the one it has if it asked for them. */
export const AUTH_CHANNEL = '/service/comet/auth';

/** Milliseconds after which a client whose session is suspended shall ask again, and before which it is not answered. */
const PAUSE = 1_000;

/**
 * `good`, `warned` (it will expire soon, and a client that asked for notices was told), `grace` (expired, messages still come), `suspended`
 * (nothing leaves any more, and what waits is kept).
 */
type Stage = 'good' | 'warned' | 'grace' | 'suspended';

/**
 * The token of a session, from its handshake through its renewals to its end. A push connection outlives the requests
 * that RFC 9700 has tokens verified for, so every delivery asks here. One deadline leads from stage to stage; as it may
 * come late, where a machine has slept, each request looks at the clock too.
 *
 * A token tells its end by the wall clock, which can be set. It ends when that time has come, or when as much time has
 * passed as it had left when it was presented: whichever is first.
 */
export class CredentialLife {
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #deadline: Deadline;
  /** When the session has to end, whatever its token. */
  readonly #maxAgeAt: number;
  /** When the token ends, by the scheduler's `now`. */
  #endsAt = Infinity;
  /** Milliseconds before its end at which the client is told. */
  #lead = 0;
  #stage: Stage = 'good';
  /** When a connect was refused last. */
  #refusedAt: number | undefined;
  /** Renewals whose subscriptions are not decided yet. */
  #deciding = 0;

  /** Nothing for sessions without a token, which cost nothing here. */
  static of(session: Session, host: SessionHost): CredentialLife | undefined {
    const { local, principal } = session.state;
    return local || principal.kind === 'anonymous' ? undefined : new CredentialLife(session, host);
  }

  private constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    const { maxSessionAge } = host.options.expiry;
    this.#maxAgeAt = maxSessionAge > 0 ? host.scheduler.now() + maxSessionAge : Infinity;
    this.#deadline = host.scheduler.deadline(() => {
      this.#advance();
    });
    this.#begin();
  }

  /** The client may receive at most, and do nothing. */
  get expired(): boolean {
    return this.#stage === 'grace' || this.suspended;
  }

  /** Nothing leaves until a newer token comes. */
  get suspended(): boolean {
    return this.#stage === 'suspended';
  }

  /** Nothing leaves at present: it is suspended, or what it may still receive is being decided. */
  get silent(): boolean {
    return this.suspended || this.#deciding > 0;
  }

  /** Brings the stage up to the clock. */
  settle(): void {
    if (this.#deadline.due === undefined) return;
    this.#heedWallTime();
    if (this.#due <= this.#host.scheduler.now()) this.#advance();
  }

  /** The wall time was set. */
  wallStepped(): void {
    if (this.#deadline.due === undefined) return;
    this.#heedWallTime();
    this.#advance();
  }

  /**
   * Another token of the same principal has been presented. The one that was issued later counts, also where it ends
   * earlier or grants less.
   *
   * @returns what lets messages leave again, to be called when the subscriptions have been decided anew; nothing if it is
   * the same token, or an older one.
   */
  renew(principal: Principal): (() => void) | undefined {
    if ((principal.expiresAt ?? Infinity) <= this.#host.scheduler.wallTime()) return undefined;
    if (!this.expired && !isNewer(principal, this.#session.principal)) return undefined;
    const resumes = this.suspended;
    this.#session.state.principal = principal;
    this.#stage = 'good';
    this.#deciding++;
    this.#begin();
    this.#record('refresh_ok');
    if (resumes) {
      this.#record('session_resumed');
      this.#session.connectAnswered();
    }
    return () => {
      this.#deciding--;
      this.#session.observe((observer) => observer.tokenRenewed?.());
      if (resumes) this.#session.answerHeld();
      this.#session.said();
    };
  }

  /** What the client is told of its token, in seconds as OAuth has it (RFC 6749 §5.1). */
  describe(): JsonObject {
    const { scopes } = this.#session.principal;
    const left = this.#statedEnd - this.#host.scheduler.now();
    return {
      ...(left < Infinity && {
        expires_in: seconds(left),
        refresh_before: seconds(left - this.#lead),
      }),
      ...(scopes && { scope: scopes.join(' ') }),
    };
  }

  /** What a client shall do that has no good token: present one, if it can, in a message or with another connection. */
  advice(): Advice {
    const spread = Math.round(this.#host.random() * this.#host.options.rehandshakeSpread);
    return this.#session.state.refreshes === true || this.#session.tokenOfConnection
      ? adviseRetry(PAUSE + spread, this.#session.time('timeout'))
      : adviseHandshake(spread);
  }

  /** The reply to a connect while the session is suspended. */
  refusal(message: Incoming): Reply {
    this.#refusedAt = this.#host.scheduler.now();
    return failure(message, BayeuxErrors.tokenExpired, { advice: this.advice() });
  }

  /** Milliseconds to wait before the next refusal: clients that ask without end are answered now and then only. */
  get pause(): number {
    if (this.#refusedAt === undefined) return 0;
    return Math.max(this.#refusedAt + PAUSE - this.#host.scheduler.now(), 0);
  }

  /**
   * Pushes a notice about the token. Only clients that have asked for notices get them: others stop at a message on a
   * channel that they have not subscribed to.
   */
  notify(notice: JsonObject): void {
    if (this.#session.state.refreshes) this.#session.send({ channel: AUTH_CHANNEL, data: notice });
  }

  end(): void {
    this.#deadline.cancel();
  }

  #begin(): void {
    const { scheduler, options } = this.#host;
    this.#endsAt = Infinity;
    this.#heedWallTime();
    const life = Math.max(this.#statedEnd - scheduler.now(), 0);
    this.#lead = Math.min(options.expiry.refreshLead, Math.floor(life / 4));
    this.#refusedAt = undefined;
    this.#arm();
  }

  /** A clock that was set forward may end the token sooner, and one that was set back not later. */
  #heedWallTime(): void {
    const { expiresAt = Infinity } = this.#session.principal;
    const { scheduler } = this.#host;
    this.#endsAt = Math.min(this.#endsAt, scheduler.now() + expiresAt - scheduler.wallTime());
  }

  #arm(): void {
    const due = this.#due;
    if (due === Infinity) this.#deadline.cancel();
    else this.#deadline.moveTo(due);
  }

  get #due(): number {
    return Math.min(this.#stageEnd(), this.#maxAgeAt);
  }

  /** The end that clients are told of: by the allowance for clocks that differ, a token is good for longer. */
  get #statedEnd(): number {
    const { expiresAt = Infinity, statedExpiry = expiresAt } = this.#session.principal;
    return statedExpiry < expiresAt ? this.#endsAt - (expiresAt - statedExpiry) : this.#endsAt;
  }

  #stageEnd(): number {
    const { grace } = this.#host.options.expiry;
    switch (this.#stage) {
      case 'good':
        return this.#lead === 0 ? this.#endsAt : this.#statedEnd - this.#lead;
      case 'warned':
        return this.#endsAt;
      case 'grace':
        return this.#endsAt + grace;
      case 'suspended':
        return this.#endsAt + grace + this.#session.time('maxInterval');
    }
  }

  #advance(): void {
    const now = this.#host.scheduler.now();
    while (!this.#session.ended && now >= this.#stageEnd()) this.#next(now);
    if (this.#session.ended) return;
    if (now >= this.#maxAgeAt) this.#end('max_age');
    else this.#arm();
  }

  #next(now: number): void {
    switch (this.#stage) {
      case 'good':
        this.#stage = 'warned';
        this.#warn(now);
        break;
      case 'warned':
        this.#stage = 'grace';
        this.#record('token_expired');
        this.#session.observe((observer) => observer.tokenExpired?.());
        break;
      case 'grace':
        if (this.#host.options.expiry.suspend) this.#suspend();
        else this.#end('token_expired');
        break;
      case 'suspended':
        this.#end('token_expired');
    }
  }

  #warn(now: number): void {
    const left = this.#statedEnd - now;
    if (this.#lead === 0 || left <= 0) return;
    this.notify({ type: 'expiring', expires_in: seconds(left) });
  }

  #suspend(): void {
    this.#stage = 'suspended';
    this.#record('session_suspended');
    this.#session.suspend();
  }

  #end(why: 'token_expired' | 'max_age'): void {
    this.#session.end(why, this.#host.random() * this.#host.options.rehandshakeSpread);
  }

  #record(type: AuditEventType): void {
    const { principal, client } = this.#session.state;
    this.#host.audit.record({ type, principal, address: client.address });
  }
}

/** A request that was under way for longer must not bring back an older token. */
function isNewer(presented: Principal, current: Principal): boolean {
  if (presented.tokenRef !== undefined && presented.tokenRef === current.tokenRef) return false;
  const { issuedAt } = current;
  if (presented.issuedAt !== undefined && issuedAt !== undefined && presented.issuedAt !== issuedAt)
    return presented.issuedAt > issuedAt;
  return (presented.expiresAt ?? Infinity) > (current.expiresAt ?? Infinity);
}

/** Whole seconds that are sure to be left. */
function seconds(milliseconds: number): number {
  return Math.max(Math.floor(milliseconds / 1_000), 0);
}
