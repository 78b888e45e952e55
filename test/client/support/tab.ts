import type { ClientMessage, CometdClient } from '../../../src/client/cometd-client.js';
import type {
  FetchedToken,
  TokenRefreshOptions,
  TokenRequest,
} from '../../../src/client/token-refresh.options.js';
import { TokenRefresh } from '../../../src/client/token-refresh.js';
import type { FakeBrowser } from './fake-browser.js';

/** What the back end does when it is asked for a token. */
export type BackEnd = (
  request: TokenRequest,
  number: number,
) => FetchedToken | null | Promise<FetchedToken | null>;

/** The back end of an application: numbered tokens of five minutes, unless a test wants others. */
export class TokenServer {
  readonly requests: TokenRequest[] = [];
  answer: BackEnd = (_request, number) => ({ token: `token-${number}`, expiresIn: 300 });

  fetch(request: TokenRequest): Promise<FetchedToken | null> {
    this.requests.push(request);
    const number = this.requests.length;
    return Promise.resolve().then(() => this.answer(request, number));
  }
}

/** A page with the helper, and the client as far as the helper sees it. */
export class Tab implements CometdClient {
  readonly helper: TokenRefresh;
  /** What was sent, `/meta/connect: token-1` for example. */
  readonly sent: string[] = [];
  /** What the helper has reported. */
  readonly events: string[] = [];
  status = 'disconnected';
  /** How often it has asked the back end. */
  fetches = 0;
  #replies: ((reply: ClientMessage) => void)[] = [];

  constructor(browser: FakeBrowser, server: TokenServer, options: Partial<TokenRefreshOptions> = {}) {
    const { events } = this;
    const note =
      (what: string) =>
      (...details: unknown[]): void => {
        events.push(
          [what, ...details.map((detail) => (detail instanceof Error ? detail.message : detail))].join(' '),
        );
      };
    this.helper = new TokenRefresh(
      {
        fetchToken: (request) => {
          this.fetches++;
          return server.fetch(request);
        },
        onError: note('error'),
        onRevoked: note('revoked'),
        onRefused: note('refused'),
        onSignedOut: note('signed out'),
        onUnsubscribed: note('unsubscribed'),
        ...options,
      },
      browser.tab(),
    );
    this.helper.registered('auth', this);
  }

  /** Has the client send a message: what it carries is noted. */
  send(channel: string): object | undefined {
    const { ext } = this.helper.outgoing<ClientMessage>({ channel });
    const token = (ext as { auth?: { token?: string } } | undefined)?.auth?.token;
    this.sent.push(token === undefined ? channel : `${channel}: ${token}`);
    return ext;
  }

  /** Has the client get a message. */
  receive(message: ClientMessage): void {
    this.helper.incoming(message);
    const none = (message as { advice?: { reconnect?: string } }).advice?.reconnect === 'none';
    if (none) this.status = 'disconnected';
  }

  /** A session with the present token. */
  async connected(): Promise<this> {
    await this.helper.start();
    this.handshake();
    this.receive({ channel: '/meta/handshake', successful: true });
    this.status = 'connected';
    this.send('/meta/connect');
    this.sent.length = 0;
    return this;
  }

  /** The server refuses a connect. */
  refuseConnect(error: string, reconnect: 'retry' | 'none'): void {
    this.receive({ channel: '/meta/connect', successful: false, error, ...{ advice: { reconnect } } });
  }

  refuseHandshake(error: string): void {
    this.receive({
      channel: '/meta/handshake',
      successful: false,
      error,
      ...{ advice: { reconnect: 'none' } },
    });
  }

  /** What becomes of the publishes so far. */
  reply(reply: Partial<ClientMessage>): void {
    for (const callback of this.#replies.splice(0)) callback({ channel: '/service/comet/auth', ...reply });
  }

  handshake(): void {
    this.status = 'handshaking';
    this.send('/meta/handshake');
  }

  publish(channel: string, _content: unknown, callback?: (reply: ClientMessage) => void): void {
    if (callback) this.#replies.push(callback);
    this.send(channel);
  }

  isDisconnected(): boolean {
    return this.status === 'disconnected';
  }

  getStatus(): string {
    return this.status;
  }
}
