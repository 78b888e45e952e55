import { Delivery, serialise } from './delivery.js';
import { BayeuxErrors, errorOfApplication } from './errors.js';
import { isThenable, leaveUnheard } from './maybe-promise.js';
import { isJsonObject, type JsonObject, type Reply } from './message.js';
import type { Logger, MaybePromise } from './ports.js';
import type { Session } from './session.js';

/**
 * What becomes of a message that came in: nothing, it goes on as it is; an object goes on in its place; `false` or `null`
 * deletes it; a text deletes it with that as the error of its reply.
 */
export type IncomingVerdict = JsonObject | string | boolean | null | undefined;

/** What goes out: a message to subscribers, or a reply. */
export type OutgoingMessage = {
  readonly [Member in keyof Omit<Reply, 'advice'>]?: Reply[Member] | undefined;
};

/** What becomes of a message that goes out. Its data and `ext` may change; what it answers, and to whom, may not. */
export type OutgoingVerdict = OutgoingMessage | boolean | null | undefined;

/** Sees every message of a client before the server does, and everything that goes out before the client does. */
export interface Extension {
  /** `session` is undefined for a handshake, and where no session was found or proven. */
  incoming?(message: JsonObject, session: Session | undefined): MaybePromise<IncomingVerdict>;
  /**
   * Answers at once: what goes out keeps its order. A broadcast is seen once by an extension of the server, before it has
   * a receiver, and by those of each session that receives it.
   */
  outgoing?(
    message: OutgoingMessage,
    sender: Session | undefined,
    receiver: Session | undefined,
  ): OutgoingVerdict;
}

const UNWRITABLE = 'An extension has made a message that JSON cannot express, so it is kept back.';

/** A message that has passed, or the error that says it has not. */
export type Passed =
  { readonly ok: true; readonly message: JsonObject } | { readonly ok: false; readonly error: string };

/** Extensions in the order they were added: what comes in meets the first one first, what goes out the last one. */
export class Extensions {
  readonly #logger: Logger;
  #chain: readonly Extension[] = [];
  #hooks = { incoming: false, outgoing: false };

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @returns what removes it again. */
  add(extension: Extension): () => void {
    this.#set([...this.#chain, extension]);
    return () => {
      this.#set(this.#chain.filter((other) => other !== extension));
    };
  }

  /** Whether any of them has `hook`. */
  has(hook: keyof Extension): boolean {
    return this.#hooks[hook];
  }

  #set(chain: readonly Extension[]): void {
    this.#chain = chain;
    this.#hooks = {
      incoming: chain.some(({ incoming }) => incoming !== undefined),
      outgoing: chain.some(({ outgoing }) => outgoing !== undefined),
    };
  }

  /** Hands a message of a client from one to the next, as long as none deletes it. One that fails does so. */
  incoming(
    message: JsonObject,
    session: Session | undefined,
    expired: () => boolean,
    from = 0,
  ): MaybePromise<Passed> {
    const chain = this.#chain;
    let current = message;
    for (let index = from; index < chain.length; index++) {
      const verdict = this.#ask(chain[index] as Extension, current, session);
      if (isThenable(verdict)) {
        const given = current;
        return verdict.then(
          (settled) => {
            const passed = pass(given, settled);
            // What took too long is deleted: the next one shall not see it.
            if (!passed.ok || expired()) return passed;
            return this.incoming(passed.message, session, expired, index + 1);
          },
          (error: unknown) => this.#failed(error),
        );
      }
      const passed = pass(current, verdict);
      if (!passed.ok) return passed;
      current = passed.message;
    }
    return { ok: true, message: current };
  }

  /** What is said to a client in place of `reply`; nothing if an extension keeps it back. */
  reply(reply: Reply, session: Session | undefined): Reply | undefined {
    if (!this.has('outgoing')) return reply;
    // A copy: one that changes what it is shown, and not what it returns, has no more say than others.
    const changed = this.#outgoing({ ...reply }, session, session);
    if (!changed) return undefined;
    const { data, ext, error } = changed;
    const kept = Object.fromEntries(
      Object.entries({ ...reply, data, ext, error }).filter(([, value]) => value !== undefined),
    );
    try {
      // A reply is written later, where nobody could be told that it cannot be.
      if (typeof (error ?? '') !== 'string') throw new TypeError('The error of a reply is a text.');
      serialise(kept);
      return error === undefined || error === reply.error
        ? kept
        : { ...kept, error: errorOfApplication(error) };
    } catch (failed) {
      this.#logger.error(UNWRITABLE, failed);
      return undefined;
    }
  }

  /** What is delivered in place of `delivery`; nothing if an extension keeps it back. */
  delivery(
    delivery: Delivery,
    sender: Session | undefined,
    receiver: Session | undefined,
  ): Delivery | undefined {
    if (!this.has('outgoing')) return delivery;
    const { channel, data, ext, timestamp, lazy } = delivery;
    const changed = this.#outgoing({ channel, data, ext, timestamp }, sender, receiver);
    if (!changed) return undefined;
    if (changed.data === data && changed.ext === ext) return delivery;
    try {
      return new Delivery(channel, changed.data, { ext: changed.ext, timestamp, lazy });
    } catch (error) {
      this.#logger.error(UNWRITABLE, error);
      return undefined;
    }
  }

  #ask(
    extension: Extension,
    message: JsonObject,
    session: Session | undefined,
  ): MaybePromise<IncomingVerdict> {
    try {
      return extension.incoming?.(message, session);
    } catch (error) {
      this.#logFailure(error);
      return false;
    }
  }

  #outgoing(
    message: OutgoingMessage,
    sender: Session | undefined,
    receiver: Session | undefined,
  ): OutgoingMessage | undefined {
    let current = message;
    for (let index = this.#chain.length - 1; index >= 0; index--) {
      let verdict: OutgoingVerdict;
      try {
        verdict = this.#chain[index]?.outgoing?.(current, sender, receiver);
      } catch (error) {
        // It may be what keeps something secret.
        this.#logFailure(error);
        return undefined;
      }
      if (verdict === false || verdict === null) return undefined;
      if (isThenable(verdict as MaybePromise<unknown>)) {
        leaveUnheard(verdict);
        this.#logFailure(new TypeError('outgoing has to answer at once, and not with a promise.'));
        return undefined;
      }
      if (typeof verdict === 'object') current = verdict;
    }
    return current;
  }

  #failed(error: unknown): Passed {
    this.#logFailure(error);
    return { ok: false, error: BayeuxErrors.messageDeleted };
  }

  #logFailure(error: unknown): void {
    this.#logger.error('An extension failed, so its message is deleted.', error);
  }
}

function pass(message: JsonObject, verdict: IncomingVerdict): Passed {
  if (verdict === undefined || verdict === true) return { ok: true, message };
  if (typeof verdict === 'string') return { ok: false, error: errorOfApplication(verdict) };
  return isJsonObject(verdict)
    ? { ok: true, message: verdict }
    : { ok: false, error: BayeuxErrors.messageDeleted };
}
