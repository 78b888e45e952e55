import { Agent, type OutgoingHttpHeaders } from 'node:http';
import { BayeuxClient } from './bayeux.client.js';
import { ask, type HttpAnswer, type HttpExchange } from './http.js';
import { isReply, type Members, type Message, parseArray } from './message.js';
import { within } from './until.js';

/** Bayeux over HTTP POST, with a cookie jar as a browser has one. */
export class PollingClient extends BayeuxClient {
  override readonly transport = 'long-polling';
  /** The `BAYEUX_BROWSER` cookie, as `name=value`; a test may take it away or put in somebody else's. */
  cookie: string | undefined;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #underWay = new Set<HttpExchange>();

  override async exchange(text: string): Promise<Message[]> {
    const { status, text: body } = await this.post(text).answer;
    if (status !== 200) throw new Error(`The server answered with HTTP ${status}.`);
    return parseArray(body);
  }

  /** Sends any text or bytes; gives back the exchange, so that its status can be seen or it can be cut off. */
  post(body: string | Buffer, headers: OutgoingHttpHeaders = {}, suffix = ''): HttpExchange {
    return this.#track(
      ask(this.settings.url + suffix, {
        agent: this.#agent,
        body,
        headers: {
          'content-type': 'application/json',
          ...this.settings.headers,
          ...(this.cookie !== undefined && { cookie: this.cookie }),
          ...headers,
        },
      }),
    );
  }

  /** Sends messages as they are. */
  postMessages(messages: readonly Members[], headers: OutgoingHttpHeaders = {}): HttpExchange {
    return this.post(JSON.stringify(messages), headers);
  }

  /** A connect of which the test wants the exchange itself. */
  postConnect(members: Members = {}): HttpExchange {
    return this.postMessages([
      { channel: '/meta/connect', clientId: this.clientId, connectionType: this.transport, ...members },
    ]);
  }

  override close(): Promise<void> {
    for (const exchange of this.#underWay) exchange.abort();
    this.#agent.destroy();
    return Promise.resolve();
  }

  protected override async transmit(messages: readonly Members[]): Promise<Message[]> {
    const replies = await this.exchange(JSON.stringify(messages));
    return replies.filter(isReply);
  }

  protected override nextPushes(): Promise<unknown> {
    return this.heldConnect();
  }

  #track(exchange: HttpExchange): HttpExchange {
    this.#underWay.add(exchange);
    const done = (): void => void this.#underWay.delete(exchange);
    exchange.answer.then((answer) => {
      done();
      this.#take(answer);
    }, done);
    return exchange;
  }

  #take({ status, headers, text }: HttpAnswer): void {
    this.settings.onText?.(text);
    const [cookie] = headers['set-cookie'] ?? [];
    if (cookie !== undefined) this.cookie = cookie.split(';', 1)[0];
    if (status === 200) this.received.push(...parseArray(text));
  }
}

/** The status of an exchange, which is to come. */
export async function statusOf(exchange: HttpExchange): Promise<number> {
  const { status } = await within('a response', exchange.answer);
  return status;
}
