import { ADVICE_LATER } from './advice.js';
import type { Core } from './core.js';
import { BayeuxErrors } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import { failure, type Incoming, type Refusal } from './incoming.js';
import { refuseHandshake } from './meta/handshake.js';
import { isConnectReply, type Reply } from './message.js';
import type { Link } from './ports.js';
import { TokenBucket } from './rate-limit.js';

const NONE: Replies = [];

/** Who has a share of messages: a session, or a link that lasts for what belongs to none. */
interface Metered {
  meter?: TokenBucket | undefined;
}

/** The limits on how many messages come: in one request, and in a second. */
export class Admission {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
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
    if (!this.#take(link)) this.#slowDown(link);
  }

  /** A client that leaves is let go; sessions of the server may say what they like. */
  #hasShare({ session, link }: Exchange, channel: string | undefined): boolean {
    if (session) {
      if (session.state.local || channel === '/meta/connect') return true;
      return this.#take(session) || channel === '/meta/disconnect';
    }
    // What carries one request only is no way to send many.
    return link.once || this.#take(link);
  }

  #take(metered: Metered): boolean {
    const { rate } = this.#core.options;
    if (rate.perSecond === 0) return true;
    const now = this.#core.scheduler.now();
    return (metered.meter ??= new TokenBucket(rate, now)).take(now);
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
