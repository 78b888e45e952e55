import { CometD, type Extension, type Message } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import { until } from '../support/until.js';
import { type RealClient, type RealClientSettings, tokenOf } from './real-client.js';

// Once: all clients here live in one browser, so to speak, with one set of cookies.
adapt();

const HANDSHAKE = '/meta/handshake';

/** The JavaScript client of the CometD project, as it comes from npm. */
export class CometdClient implements RealClient {
  readonly #cometd: CometD;
  readonly #settings: RealClientSettings;
  readonly #sent: string[] = [];
  #lastConnect: string | undefined;
  #lastAnswered: string | undefined;
  #connected = false;

  /** `extensions` are those that come with the client, by name; `Client` is that of another version. */
  constructor(
    settings: RealClientSettings,
    extensions: Readonly<Record<string, Extension>> = {},
    Client: new () => CometD = CometD,
  ) {
    this.#settings = settings;
    const cometd = new Client();
    this.#cometd = cometd;
    if (settings.transport === 'long-polling') cometd.unregisterTransport('websocket');
    else cometd.unregisterTransport('long-polling');
    cometd.unregisterTransport('callback-polling');
    cometd.configure({ url: settings.url, logLevel: 'warn', backoffIncrement: 20, maxBackoff: 100 });
    for (const [name, extension] of Object.entries(extensions)) cometd.registerExtension(name, extension);
    const presentedOn = settings.presentedOn ?? [HANDSHAKE];
    cometd.registerExtension('test', {
      outgoing: (message: Message) => {
        this.#sent.push(message.channel);
        if (message.channel === '/meta/connect') this.#lastConnect = message.id;
        if (presentedOn.includes(message.channel)) message.ext = { ...message.ext, ...this.#ext() };
        if (!message.channel.startsWith('/meta/')) Object.assign(message, settings.disguise);
        return message;
      },
      incoming: (message: Message) => {
        if (message.channel === '/meta/connect') this.#lastAnswered = message.id;
        return message;
      },
    });
    cometd.addListener('/meta/connect', (message) => {
      this.#connected = message.successful === true;
    });
  }

  get clientId(): string | null {
    return this.#cometd.getClientId();
  }

  get connected(): boolean {
    return this.#connected && !this.#cometd.isDisconnected();
  }

  sent(channel: string): number {
    return this.#sent.filter((sent) => sent === channel).length;
  }

  start(): Promise<void> {
    return this.#ask((callback) => {
      this.#cometd.handshake(callback);
    });
  }

  async subscribe(channel: string): Promise<unknown[]> {
    const received: unknown[] = [];
    const listen = (message: Message): void => void received.push(message.data);
    await this.#ask((callback) => this.#cometd.subscribe(channel, listen, callback));
    return received;
  }

  publish(channel: string, data: unknown): Promise<void> {
    return this.#ask((callback) => {
      this.#cometd.publish(channel, data, callback);
    });
  }

  call(service: string, data: unknown): Promise<unknown> {
    return this.remoteCall(service, data);
  }

  /** A call that is given up after `timeout` milliseconds. `members` are added to its message. */
  async remoteCall(service: string, data: unknown, timeout = 5_000, members: object = {}): Promise<unknown> {
    const target = service.replace(/^\/service\//, '');
    let answer: unknown;
    await this.#ask((callback) => {
      this.#cometd.remoteCall(target, data, timeout, members, (message) => {
        answer = message.data;
        callback(message);
      });
    });
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#cometd.isDisconnected()) return;
    await this.#ask((callback) => {
      this.#cometd.disconnect(callback);
    });
    // The end of the connect comes after that of the session, and is looked at too.
    await until('the last connect to be answered', () => this.#lastAnswered === this.#lastConnect);
  }

  #ext(): object {
    const token = tokenOf(this.#settings);
    return token === undefined ? {} : { auth: { token } };
  }

  #ask(send: (callback: (reply: Message) => void) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      send((reply) => {
        if (reply.successful === true) resolve();
        else reject(new Error(reply.error ?? 'failed'));
      });
    });
  }
}
