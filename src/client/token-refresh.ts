import type { ClientMessage, CometdClient } from './cometd-client.js';
import { browserPlatform, type Platform } from './platform.js';
import { TokenKeeper } from './token-keeper.js';
import type { TokenRefreshOptions } from './token-refresh.options.js';

/** Where client and server talk of tokens within a session. */
const AUTH_CHANNEL = '/service/comet/auth';
/** How often in a row a refused token is replaced before the refusal is believed. */
const MAX_REFUSALS = 1;

/** What the server says of a session's token, in `ext.auth` of its replies. */
interface AuthReply {
  /** Seconds until it expires. */
  readonly expires_in?: unknown;
  /** Seconds until it is to be renewed at the latest. */
  readonly refresh_before?: unknown;
}

/** What it says by itself, on {@link AUTH_CHANNEL}. */
interface AuthNotice {
  readonly type?: unknown;
  readonly channels?: unknown;
}

/**
 * An extension of the `cometd` client that keeps its session supplied with access tokens. Made by {@link tokenRefresh}.
 * Extensions are synchronous, so the token is in memory before it is needed and renewed before it expires; a renewed one
 * is sent at once, within the session, of which nothing is lost.
 */
export class TokenRefresh {
  readonly #options: TokenRefreshOptions;
  readonly #keeper: TokenKeeper;
  #client: CometdClient | undefined;
  /** What the server was last shown. */
  #shown: string | undefined;
  #refusals = 0;
  #recovering = false;
  /** The page has disconnected by its own will. */
  #left = false;
  #stopped = false;

  /** @internal */
  constructor(options: TokenRefreshOptions, platform: Platform = browserPlatform()) {
    this.#options = options;
    this.#keeper = new TokenKeeper(options, platform, {
      renewed: () => {
        this.#show();
      },
      signedOut: () => {
        this.stop();
        options.onSignedOut?.();
      },
    });
  }

  /** When the present token ceases to be good; `undefined` if there is none. */
  get expiresAt(): Date | undefined {
    const { current } = this.#keeper;
    return current && new Date(current.expiresAt);
  }

  /**
   * Fetches the first token; shake hands when it is there. Does nothing if there is one. If nobody is signed in,
   * `onSignedOut` is called.
   *
   * @throws what `fetchToken` rejects with, or an Error if `stop` was called meanwhile. It is not tried again, as somebody
   * is waiting; call `start` again.
   */
  async start(): Promise<void> {
    this.#stopped = false;
    this.#refusals = 0;
    await this.#keeper.start();
  }

  /** Forgets the token and releases everything: timers, lock, channel, requests. To go on, call `start`. */
  stop(): void {
    this.#stopped = true;
    this.#recovering = false;
    this.#shown = undefined;
    this.#keeper.stop();
  }

  /** Called by the client. */
  registered(_name: string, client: CometdClient): void {
    this.#client = client;
  }

  /** Called by the client. */
  unregistered(): void {
    this.stop();
    this.#client = undefined;
  }

  /** Called by the client for every message it sends. */
  outgoing<M extends ClientMessage>(message: M): M {
    const { channel } = message;
    if (channel === '/meta/disconnect') this.#left = true;
    if (channel === '/meta/handshake') this.#left = false;
    if (this.#stopped || !this.#carries(channel)) return message;
    // One that has expired is worth showing only where the server's answer says what to do about it.
    const token = channel === '/meta/handshake' ? this.#keeper.last : this.#keeper.current?.text;
    if (token === undefined) return message;
    this.#shown = token;
    const auth = channel === '/meta/handshake' ? { token, refresh: true } : { token };
    message.ext = { ...message.ext, auth };
    return message;
  }

  /** Called by the client for every message it gets. */
  incoming<M extends ClientMessage>(message: M): M {
    if (this.#stopped) return message;
    const { channel, error, successful } = message;
    if (channel === AUTH_CHANNEL && message.data) this.#noticed(message.data);
    else if (successful === true) this.#accepted(message);
    else if (successful === false && error !== undefined) this.#refused(error);
    return message;
  }

  #carries(channel: string): boolean {
    if (channel === '/meta/handshake' || channel === AUTH_CHANNEL) return true;
    if (channel !== '/meta/connect') return false;
    return this.#options.everyConnect !== false || this.#shown !== this.#keeper.current?.text;
  }

  #accepted({ channel, ext }: ClientMessage): void {
    if (channel === '/meta/connect') this.#refusals = 0;
    const { expires_in: ends, refresh_before: renew } = (ext as { auth?: AuthReply } | undefined)?.auth ?? {};
    if (typeof ends === 'number')
      this.#keeper.endsWithin(ends, typeof renew === 'number' ? renew : undefined);
  }

  #noticed(notice: AuthNotice): void {
    if (notice.type === 'expiring') {
      if (this.#shown === this.#keeper.current?.text) void this.#keeper.renew();
      else this.#show();
    } else if (notice.type === 'unsubscribed' && Array.isArray(notice.channels)) {
      this.#options.onUnsubscribed?.(notice.channels as string[]);
    }
  }

  #refused(error: string): void {
    if (error.startsWith('401::session_revoked')) {
      this.stop();
      this.#options.onRevoked?.(error);
    } else if (error.startsWith('403::principal_mismatch')) {
      this.#giveUp(error);
    } else if (error.startsWith('401::')) {
      this.#recover(error);
    }
  }

  /** With another token things may be well again. */
  #recover(error: string): void {
    if (this.#recovering) return;
    // What was refused may be an earlier token than the present one.
    const { current } = this.#keeper;
    const renewed = current !== undefined && current.text !== this.#shown;
    if (!renewed && this.#refusals++ >= MAX_REFUSALS) {
      this.#giveUp(error);
      return;
    }
    this.#recovering = true;
    // In any case after the client is through with this message, and has perhaps disconnected.
    const token = renewed ? Promise.resolve(true) : this.#keeper.replace();
    void token.then((good) => {
      if (!this.#recovering) return;
      this.#recovering = false;
      if (good) this.#goOn();
    });
  }

  #goOn(): void {
    if (!this.#client || this.#left) return;
    if (!this.#client.isDisconnected()) this.#show();
    else if (this.#options.handshake) this.#options.handshake();
    else this.#client.handshake();
  }

  /** Shows the server a token that it has not seen, if there is a session; else the next handshake does. */
  #show(): void {
    const client = this.#client;
    if (!client || this.#stopped || this.#keeper.current?.text === this.#shown) return;
    if (!['connecting', 'connected'].includes(client.getStatus())) return;
    client.publish(AUTH_CHANNEL, {}, (reply) => {
      // Lost on its way, so the next connect is to carry it.
      if (reply.successful !== true && reply.error === undefined) this.#shown = undefined;
    });
  }

  #giveUp(error: string): void {
    this.stop();
    this.#options.onRefused?.(error);
  }
}

/**
 * Keeps a `cometd` client supplied with access tokens, for as long as its page lives: puts the token on handshakes and
 * connects, renews it before it expires without a new handshake, and does so once for all tabs of a login.
 *
 * ```js
 * import { CometD } from 'cometd';
 * import { tokenRefresh } from 'nestjs-comet/client';
 *
 * const cometd = new CometD();
 * const auth = tokenRefresh({
 *   shareAs: userId,
 *   fetchToken: async ({ signal }) => {
 *     const response = await fetch('/auth/comet-token', { method: 'POST', signal });
 *     if (response.status === 401) return null; // nobody is signed in
 *     if (!response.ok) throw new Error(`No token: ${response.status}`);
 *     return response.json(); // { token, expiresIn }
 *   },
 *   onRevoked: () => showThatAccessWasEnded(),
 * });
 * cometd.registerExtension('auth', auth);
 * cometd.configure({ url: 'https://portal.example/cometd' });
 * await auth.start();
 * cometd.handshake();
 * ```
 *
 * @publicApi
 */
export function tokenRefresh(options: TokenRefreshOptions): TokenRefresh {
  return new TokenRefresh(options);
}
