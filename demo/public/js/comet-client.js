import { CometD } from '/vendor/cometd/cometd.js';
import { AuthExtension } from './auth-extension.js';
import { SessionLostError } from './backend.js';
import { TokenSource } from './token-source.js';

/** How often a refused token is replaced before the refusal is believed. */
const MAX_RECOVERIES = 1;
const RETRY = 5_000;

/**
 * The page's push client: the stock `cometd` client with the login of the portal around it.
 *
 * States: `idle`, `connecting`, `connected`, `reconnecting`, `refused` (by the push server), `failed` (the portal gave no
 * token) and `lost` (the portal session has ended).
 */
export class CometClient {
  #cometd = new CometD('portal');
  #channels;
  #topics;
  #listener;
  #state = 'idle';
  #recoveries = 0;
  #timer = 0;
  #tokens = new TokenSource({
    onToken: (expiresAt) => this.#listener.onToken(expiresAt),
    onLost: () => this.lose(),
  });

  /** `listener` gets `onState(state, { transport, problem })`, `onToken(expiresAt)` and `onProblem(sentence)`. */
  constructor({ url, channels, topics, listener }) {
    this.#channels = channels;
    this.#topics = topics;
    this.#listener = listener;
    // A network that swallows WebSockets silently must not cost more than this before long-polling is tried.
    this.#cometd.configure({ url, logLevel: 'warn', connectTimeout: 5_000 });
    this.#cometd.registerExtension('auth', new AuthExtension(() => this.#tokens.current));
    this.#cometd.addListener('/meta/handshake', (reply) => this.#onHandshake(reply));
    this.#cometd.addListener('/meta/connect', (reply) => this.#onConnect(reply));
  }

  /** Connects; does nothing if it is connected or about to be. */
  async init() {
    if (!['idle', 'failed', 'refused'].includes(this.#state)) return;
    this.#recoveries = 0;
    this.#become('connecting');
    try {
      await this.#tokens.fetch();
    } catch (error) {
      if (error instanceof SessionLostError) this.lose();
      else this.#become('failed', error.message);
      return;
    }
    // Somebody may have pressed `disconnect` in the meantime.
    if (this.#state === 'connecting') this.#cometd.handshake();
  }

  disconnect() {
    this.#end('idle');
  }

  /** The portal session has ended: without it there will be no more tokens. */
  lose() {
    this.#end('lost');
  }

  #end(state, problem) {
    clearTimeout(this.#timer);
    this.#tokens.stop();
    // First the state: what the client reports while it disconnects must not count.
    this.#become(state, problem);
    if (!this.#cometd.isDisconnected()) this.#cometd.disconnect();
  }

  get #isActive() {
    return ['connecting', 'connected', 'reconnecting'].includes(this.#state);
  }

  #onHandshake(reply) {
    if (!this.#isActive) return;
    if (reply.successful) {
      // The client forgets its subscriptions at every handshake, the first and those it makes by itself.
      this.#cometd.batch(() => this.#channels.forEach((channel) => this.#subscribe(channel)));
    } else if (reply.failure) {
      this.#reconnecting();
    } else {
      this.#recover(reply.error);
    }
  }

  #subscribe(channel) {
    const publish = ({ channel: topic, data }) => this.#topics.publish(topic, data);
    this.#cometd.subscribe(channel, publish, (reply) => {
      if (!reply.successful && !reply.failure)
        this.#listener.onProblem(`Not allowed to listen to ${channel}.`);
    });
  }

  #onConnect(reply) {
    if (!this.#isActive) return;
    if (reply.successful) {
      this.#recoveries = 0;
      this.#become('connected');
    } else if (reply.error?.startsWith('401') || reply.advice?.reconnect === 'none') {
      this.#recover(reply.error);
    } else {
      this.#reconnecting();
    }
  }

  /** The client tries again by itself. */
  #reconnecting() {
    if (this.#state === 'connected') this.#become('reconnecting');
  }

  /** The server refused the token: with a new one things may be well again. */
  async #recover(error) {
    this.#reconnecting();
    if (this.#recoveries >= MAX_RECOVERIES) {
      this.#end('refused', error);
      return;
    }
    this.#recoveries += 1;
    try {
      await this.#tokens.fetch({ renew: true });
    } catch (failure) {
      if (failure instanceof SessionLostError) this.lose();
      else this.#retryRecovery(error);
      return;
    }
    // Unless it was told to give up, the client has gone on and takes the new token with its next message.
    if (this.#isActive && this.#cometd.isDisconnected()) this.#cometd.handshake();
  }

  #retryRecovery(error) {
    this.#recoveries -= 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isActive && this.#recover(error), RETRY);
  }

  #become(state, problem = '') {
    const transport = state === 'connected' ? this.#cometd.getTransport()?.type : undefined;
    this.#state = state;
    this.#listener.onState(state, { transport, problem });
  }
}
