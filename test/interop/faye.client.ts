import Faye, { type FayeConnection, type FayeMessage } from 'faye';
import { within } from '../support/until.js';
import { type RealClient, type RealClientSettings, tokenOf } from './real-client.js';

/**
 * It opens its socket while its first handshake is still under way, so that the two may be given different cookies; which
 * comes first depends on the load of the machine. So it presents its token where a session is continued, too.
 */
const PRESENTED_ON = ['/meta/handshake', '/meta/connect', '/meta/subscribe'];

/** The client of faye, as it comes from npm. */
export class FayeClient implements RealClient {
  readonly #faye: FayeConnection;
  readonly #sent: string[] = [];
  #clientId: string | null = null;
  #connected = false;
  #refusal: ((error: Error) => void) | undefined;

  /** `faye` is a client that somebody else has made of it. */
  constructor(settings: RealClientSettings, faye: FayeConnection = fayeConnection(settings)) {
    const { transport, presentedOn = PRESENTED_ON, disguise } = settings;
    this.#faye = faye;
    // It always shakes hands over HTTP, and moves to a socket afterwards if it may.
    if (transport === 'long-polling') this.#faye.disable('websocket');
    this.#faye.addExtension({
      outgoing: (message, callback) => {
        this.#sent.push(message.channel);
        const token = tokenOf(settings);
        if (token !== undefined && presentedOn.includes(message.channel)) message.ext = { auth: { token } };
        if (!message.channel.startsWith('/meta/')) Object.assign(message, disguise);
        callback(message);
      },
      incoming: (message, callback) => {
        this.#observe(message);
        callback(message);
      },
    });
  }

  get clientId(): string | null {
    return this.#clientId;
  }

  get connected(): boolean {
    return this.#connected;
  }

  sent(channel: string): number {
    return this.#sent.filter((sent) => sent === channel).length;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refusal = reject;
      this.#faye.connect(resolve);
    });
  }

  async subscribe(channel: string): Promise<unknown[]> {
    const received: unknown[] = [];
    await settled(this.#faye.subscribe(channel, (data) => received.push(data)));
    return received;
  }

  async publish(channel: string, data: unknown): Promise<void> {
    await settled(this.#faye.publish(channel, data));
  }

  /** It knows no calls: the answer of a service is a message on its channel. */
  async call(service: string, data: unknown): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      this.#faye.subscribe(service, resolve).then(() => this.#faye.publish(service, data), reject);
    });
    return within('the answer of a service', answer);
  }

  /** Leaves; where there is no session any more that is nothing to complain of. */
  async stop(): Promise<void> {
    await this.#faye.disconnect()?.then(undefined, () => undefined);
  }

  #observe(message: FayeMessage): void {
    if (message.channel === '/meta/handshake') {
      this.#clientId = message.clientId ?? null;
      if (message.successful === false) this.#refusal?.(new Error(message.error));
    }
    if (message.channel === '/meta/connect') this.#connected = message.successful === true;
  }
}

/** A client of a version of faye that is patient enough for a machine that is busy. */
export function fayeConnection(
  { url }: RealClientSettings,
  { Client }: Pick<typeof Faye, 'Client'> = Faye,
): FayeConnection {
  return new Client(url, { retry: 0.05, timeout: 5 });
}

/** Its errors are no errors as the language knows them. */
async function settled(outcome: PromiseLike<unknown>): Promise<void> {
  await outcome.then(undefined, (error: unknown) => {
    throw new Error((error as { message?: string }).message);
  });
}
