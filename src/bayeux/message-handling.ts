import { ADVICE_LATER, ADVICE_NONE, type Advice, adviseHandshake } from './advice.js';
import { isMeta, isService } from './channel.js';
import type { Core } from './core.js';
import { AUTH_CHANNEL } from './credential-life.js';
import { unknownSession } from './dialect.js';
import { BayeuxErrors, denied } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import type { Passed } from './extension.js';
import { failure, type Incoming, validate } from './incoming.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import type { JsonObject } from './message.js';
import { connect } from './meta/connect.js';
import { disconnect } from './meta/disconnect.js';
import { handshake, refuseHandshake } from './meta/handshake.js';
import { subscribe } from './meta/subscribe.js';
import { unsubscribe } from './meta/unsubscribe.js';
import type { MaybePromise } from './ports.js';
import type { Proof } from './proof.js';
import { callService, publish } from './publish.js';
import { answerToken } from './renewal.js';
import type { Session } from './session.js';

/** For how long after the start clients of the server before it come back all at once. */
const RUSH_AFTER_START = 60_000;

/** The way of one message that was found good: past the extensions, in its order, to whoever answers it. */
export class MessageHandling {
  readonly #core: Core;
  readonly #startedAt: number;

  constructor(core: Core) {
    this.#core = core;
    this.#startedAt = core.scheduler.now();
  }

  /** Never throws: what fails is answered with an error. `greets` if it is the handshake of its request. */
  handle(
    exchange: Exchange,
    message: Incoming,
    proof: Proof | undefined,
    greets: boolean,
  ): MaybePromise<Replies> {
    try {
      const replies = this.#enter(exchange, message, proof, greets);
      if (!isThenable(replies)) return replies;
      return replies.then(undefined, (error: unknown) => this.#failed(exchange, message, greets, error));
    } catch (error) {
      return this.#failed(exchange, message, greets, error);
    }
  }

  /** Connects and disconnects overtake handlers of the application; all else of a session is handled in order. */
  #enter(
    exchange: Exchange,
    message: Incoming,
    proof: Proof | undefined,
    greets: boolean,
  ): MaybePromise<Replies> {
    const { session } = exchange;
    const { channel } = message;
    const overtakes = !session || channel === '/meta/connect' || channel === '/meta/disconnect';
    if (!overtakes) session.touch();
    if (!this.#core.extensions.has('incoming') && !session?.extensions?.has('incoming')) {
      if (greets) return handshake(this.#core, exchange, message);
      return overtakes
        ? this.#route(exchange, message, proof)
        : session.inOrder(() => this.#route(exchange, message, proof));
    }
    const handle = (entered: Incoming): MaybePromise<Replies> =>
      greets ? handshake(this.#core, exchange, entered) : this.#route(exchange, entered, proof);
    const refuse = (error: string): Replies => [
      greets ? refuseHandshake(this.#core, exchange, message, error) : failure(message, error),
    ];
    const task = (): MaybePromise<Replies> => this.#extend(message, session, handle, refuse);
    return overtakes ? task() : session.inOrder(task);
  }

  /** Lets extensions see a message first: those of the server, then those of its session. */
  #extend(
    message: Incoming,
    session: Session | undefined,
    handle: (extended: Incoming) => MaybePromise<Replies>,
    refuse: (error: string) => Replies,
  ): MaybePromise<Replies> {
    const chains = [this.#core.extensions, session?.extensions].filter((chain) => chain?.has('incoming'));
    const step = (body: JsonObject, index: number): MaybePromise<Replies> => {
      const chain = chains[index];
      if (!chain) return this.#revalidated(message, body, handle);
      const next = (passed: Passed): MaybePromise<Replies> =>
        passed.ok ? step(passed.message, index + 1) : refuse(passed.error);
      const passed = withTimeLimit(
        this.#core.scheduler,
        this.#core.options.hookTimeout,
        'An extension',
        (expired) => chain.incoming(body, session, expired),
      );
      if (!isThenable(passed)) return next(passed);
      return passed.then(next, (error: unknown) => {
        this.#core.logger.error('An extension failed, so its message is deleted.', error);
        return refuse(BayeuxErrors.messageDeleted);
      });
    };
    return step(message.body, 0);
  }

  /** What extensions have changed is looked at again. */
  #revalidated(
    message: Incoming,
    body: JsonObject,
    handle: (extended: Incoming) => MaybePromise<Replies>,
  ): MaybePromise<Replies> {
    if (body === message.body) return handle(message);
    const validated = validate(body, this.#core.options, message.dialect);
    if ('reply' in validated) return [validated.reply];
    const { complete } = message;
    return handle({ ...validated, ...(complete && { complete }) });
  }

  #route(exchange: Exchange, message: Incoming, proof: Proof | undefined): MaybePromise<Replies> {
    const { session, context } = exchange;
    if (context.credential.kind === 'refused')
      return [this.#refused(message, context.credential.error, exchange.advice)];
    if (proof === 'mismatch')
      return [this.#refused(message, BayeuxErrors.principalMismatch, exchange.advice)];
    if (!session || session.endedBy || message.body['clientId'] !== session.id)
      return [this.#unknown(message)];

    if (message.channel === '/meta/connect') return connect(this.#core, exchange, message, session);
    if (message.channel === '/meta/disconnect') return disconnect(exchange, message, session);
    return this.#ordered(exchange, message, session);
  }

  #ordered(exchange: Exchange, message: Incoming, session: Session): MaybePromise<Replies> {
    const { channel } = message;
    if (channel === '/meta/unsubscribe') return unsubscribe(this.#core, exchange, message, session);
    if (channel === AUTH_CHANNEL) return answerToken(exchange, message, session);
    if (session.credential?.expired) return [failure(message, BayeuxErrors.tokenExpired)];
    if (channel === '/meta/subscribe') return subscribe(this.#core, exchange, message, session);
    if (isMeta(channel)) return [failure(message, denied('publish', 'denied_by_security_policy'))];
    if (isService(channel)) return callService(this.#core, message, session);
    return publish(this.#core, exchange, message, session);
  }

  #unknown(message: Incoming) {
    const error = unknownSession(message.dialect);
    if (message.channel === '/meta/disconnect') return failure(message, error);
    return failure(message, error, { advice: this.#adviseHandshake() });
  }

  /** A bad token on a message after the handshake: a fresh one may do. */
  #refused(message: Incoming, error: string, advice: Advice | undefined) {
    if (message.channel !== '/meta/connect') return failure(message, error);
    if (error === BayeuxErrors.sessionRevoked) return failure(message, error, { advice: ADVICE_NONE });
    if (error === BayeuxErrors.tooManyAttempts) return failure(message, error, { advice: ADVICE_LATER });
    const again = advice ?? (error.startsWith('401:') ? this.#adviseHandshake() : ADVICE_NONE);
    return failure(message, error, { advice: again });
  }

  #adviseHandshake(): Advice {
    const rush = this.#core.draining || this.#core.scheduler.now() - this.#startedAt < RUSH_AFTER_START;
    return adviseHandshake(rush ? Math.round(this.#core.random() * this.#core.options.rehandshakeSpread) : 0);
  }

  #failed(exchange: Exchange, message: Incoming, greets: boolean, error: unknown): Replies {
    this.#core.logger.error(`A message on ${message.channel} could not be handled.`, error);
    const { serverError } = BayeuxErrors;
    return [
      greets ? refuseHandshake(this.#core, exchange, message, serverError) : failure(message, serverError),
    ];
  }
}
