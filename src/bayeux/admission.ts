import { ADVICE_LATER } from './advice.js';
import type { Core } from './core.js';
import { BayeuxErrors } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import { failure, type Incoming, type Refusal } from './incoming.js';
import { refuseHandshake } from './meta/handshake.js';
import { isConnectReply, type Reply } from './message.js';
import type { Link } from './ports.js';
import { RateLimit, TokenBucket } from './rate-limit.js';
import type { Session } from './session.js';

const NONE: Replies = [];

/** Messages that a session may always send at first: what a page sends when it opens. */
const OPENING = 20;
/** Users, services and networks of which it is remembered what their sessions had left. */
const MAX_HOLDERS = 10_000;

/** The limits on how many messages come: in one request, and in a second. */
export class Admission {
  readonly #core: Core;
  /** What sessions had left when they ended, by whom they belonged to. */
  readonly #left: RateLimit;

  constructor(core: Core) {
    this.#core = core;
    const { perSecond, burst } = core.options.rate;
    const rate = { times: perSecond && burst, window: (burst * 1_000) / perSecond };
    this.#left = new RateLimit(rate, MAX_HOLDERS, () => core.scheduler.now());
  }

  /** A session has ended. The next one of its holder begins with what it had left: a new handshake gives no new share. */
  ended(session: Session): void {
    if (!session.meter) return;
    const left = session.meter.left(this.#core.scheduler.now());
    this.#left.lower(this.#core.sessions.holderOf(session), left);
  }

  /**
   * Counts a message that stands at `index` in its request.
   *
   * @returns the replies to one that goes past a limit, and `undefined` for one that may go on.
   */
  refuse(
    exchange: Exchange,
    message: Incoming | Refusal,
    index: number,
    greets: boolean,
  ): Replies | undefined {
    const { link, context } = exchange;
    const share = this.#hasShare(exchange, 'reply' in message ? undefined : message.channel);
    if (!share) this.#slowDown(link);
    if (index >= this.#core.options.maxBatch) return this.#surplus(exchange, message, greets);
    if (share) return undefined;
    if (exchange.refused++ === 0) {
      const { address } = context;
      const principal = exchange.session?.principal;
      this.#core.audit.record({ type: 'rate_limited', principal, address, reason: 'messages' });
    }
    if (greets) {
      // The transport says so: clients take a handshake that was refused in words as final.
      link.end('limited');
      exchange.abandon();
      return NONE;
    }
    return [refusal(message, BayeuxErrors.tooManyMessages)];
  }

  /** Counts what a peer sent that is no message: an empty array, or a ping. */
  count(link: Link): void {
    if (!this.#takeFromLink(link)) this.#slowDown(link);
  }

  /** A client that leaves is let go; sessions of the server may say what they like. */
  #hasShare({ session, link }: Exchange, channel: string | undefined): boolean {
    if (session) {
      if (session.state.local || channel === '/meta/connect') return true;
      return this.#takeFromSession(session) || channel === '/meta/disconnect';
    }
    // What carries one request only is no way to send many.
    return link.once || this.#takeFromLink(link);
  }

  #takeFromSession(session: Session): boolean {
    const { rate } = this.#core.options;
    if (rate.perSecond === 0) return true;
    const now = this.#core.scheduler.now();
    return (session.meter ??= new TokenBucket(rate, now, this.#firstShare(session))).take(now);
  }

  #firstShare(session: Session): number {
    const left = this.#left.left(this.#core.sessions.holderOf(session));
    return Math.max(left, Math.min(OPENING, this.#core.options.rate.burst));
  }

  #takeFromLink(link: Link): boolean {
    const { rate } = this.#core.options;
    if (rate.perSecond === 0) return true;
    const now = this.#core.scheduler.now();
    return (link.meter ??= new TokenBucket(rate, now)).take(now);
  }

  /** For each message that was refused the peer is read as much later as a message takes to come back. */
  #slowDown(link: Link): void {
    const { perSecond } = this.#core.options.rate;
    if (perSecond > 0) link.slowDown?.(1_000 / perSecond);
  }

  /** What is behind the last message that a request may hold is answered, as far as an answer can be told apart. */
  #surplus(exchange: Exchange, message: Incoming | Refusal, greets: boolean): Replies {
    const error = BayeuxErrors.batchTooLarge;
    if (greets && !('reply' in message)) return [refuseHandshake(this.#core, exchange, message, error)];
    const reply = refusal(message, error);
    const named = reply.id !== undefined || reply.channel !== undefined;
    // Each is longer than what it answers, so that there is an end to them.
    return named || exchange.refused++ < this.#core.options.maxBatch ? [reply] : NONE;
  }
}

function refusal(message: Incoming | Refusal, error: string): Reply {
  if ('reply' in message) return { ...message.reply, error };
  const reply = failure(message, error);
  return isConnectReply(reply) ? { ...reply, advice: ADVICE_LATER } : reply;
}
