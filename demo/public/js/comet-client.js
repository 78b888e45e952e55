import { CometD } from '/vendor/cometd/cometd.js';
import { tokenRefresh } from '/vendor/nestjs-comet/client/index.js';
import { post, SessionLostError } from './backend.js';

/**
 * The page's push client: the stock `cometd` client with the login of the portal around it.
 *
 * States: `idle`, `connecting`, `connected`, `reconnecting`, `refused` (by the push server), `failed` (the portal gave no
 * token), `lost` (the portal session has ended) and `ended` (somebody has ended the access).
 */
export class CometClient {
  #cometd = new CometD('portal');
  #auth;
  #channels;
  #topics;
  #listener;
  #state = 'idle';
  /** Why the portal gives no tokens any more. */
  #loss;

  /** `listener` gets `onState(state, { transport, problem })`, `onToken(expiresAt)` and `onProblem(sentence)`. */
  constructor({ url, userId, channels, topics, listener }) {
    this.#channels = channels;
    this.#topics = topics;
    this.#listener = listener;
    this.#auth = tokenRefresh({
      shareAs: userId,
      fetchToken: (request) => this.#fetchToken(request),
      onToken: (expiresAt) => listener.onToken(expiresAt),
      onError: (error) => this.#state !== 'connected' && this.#isActive && listener.onProblem(error.message),
      onSignedOut: () => this.lose(this.#loss),
      onRefused: (error) => this.#end('refused', error),
      onRevoked: () => this.#askWhy(),
    });
    // A network that swallows WebSockets silently must not cost more than this before long-polling is tried.
    this.#cometd.configure({ url, logLevel: 'warn', connectTimeout: 5_000 });
    this.#cometd.registerExtension('auth', this.#auth);
    this.#cometd.addListener('/meta/handshake', (reply) => this.#onHandshake(reply));
    this.#cometd.addListener('/meta/connect', (reply) => this.#onConnect(reply));
    this.#cometd.addListener('/meta/disconnect', () => this.#onDisconnect());
  }

  /** Connects; does nothing if it is connected or about to be. */
  async init() {
    if (!['idle', 'failed', 'refused'].includes(this.#state)) return;
    this.#become('connecting');
    try {
      await this.#auth.start();
    } catch (error) {
      if (this.#state === 'connecting') this.#end('failed', error.message);
      return;
    }
    // Somebody may have pressed `disconnect` in the meantime.
    if (this.#state === 'connecting') this.#cometd.handshake();
  }

  disconnect() {
    this.#end('idle');
  }

  /** The portal session has ended: without it there will be no more tokens. `error` says why. */
  lose(error) {
    const byAdministrator = error?.reason === 'access-ended';
    this.#end(byAdministrator ? 'ended' : 'lost', byAdministrator ? error.message : '');
  }

  #fetchToken({ refused, signal }) {
    return post('/auth/comet-token', { renew: refused }, signal).catch((error) => {
      if (!(error instanceof SessionLostError)) throw error;
      this.#loss = error;
      return null;
    });
  }

  /** The push session was ended by the server. Whether the user has signed out or was shut out, the portal knows. */
  async #askWhy() {
    try {
      await post('/auth/comet-token');
    } catch (error) {
      if (error instanceof SessionLostError) {
        this.lose(error);
        return;
      }
    }
    this.#end('ended', 'The server has ended your access.');
  }

  #end(state, problem) {
    this.#auth.stop();
    // First the state: what the client reports while it disconnects must not count.
    this.#become(state, problem);
    if (!this.#cometd.isDisconnected()) this.#cometd.disconnect();
  }

  get #isActive() {
    return ['connecting', 'connected', 'reconnecting'].includes(this.#state);
  }

  #onHandshake(reply) {
    if (!this.#isActive) return;
    // The client forgets its subscriptions at every handshake, the first and those it makes by itself.
    if (reply.successful)
      this.#cometd.batch(() => this.#channels.forEach((channel) => this.#subscribe(channel)));
    else if (reply.error?.startsWith('401')) this.#reconnecting();
    else if (reply.failure) this.#reconnecting();
    else this.#end('refused', reply.error);
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
    if (!reply.successful) this.#reconnecting();
    // A session that the server ends is told so by a good reply to its last connect.
    else if (reply.advice?.reconnect !== 'none') this.#become('connected');
  }

  #onDisconnect() {
    if (!this.#isActive) return;
    this.#auth.stop();
    void this.#askWhy();
  }

  /** The client, or the helper for its token, tries again by itself. */
  #reconnecting() {
    if (this.#state === 'connected') this.#become('reconnecting');
  }

  #become(state, problem = '') {
    const transport = state === 'connected' ? this.#cometd.getTransport()?.type : undefined;
    this.#state = state;
    this.#listener.onState(state, { transport, problem });
  }
}
