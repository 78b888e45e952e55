import type { OutgoingHttpHeaders } from 'node:http';
import { BayeuxClient, type TurnedAway } from './bayeux.client.js';
import { ask, type HttpAnswer, HttpConnections, type HttpExchange, type HttpQuestion } from './http.js';
import { isReply, type Members, type Message } from './message.js';

/** Bayeux over HTTP: every response carries one array, and what is pushed comes along with one. */
export abstract class RequestClient extends BayeuxClient {
  readonly #connections = new HttpConnections();
  readonly #underWay = new Set<HttpExchange>();

  /** Asks with any text; gives back the exchange, so that its status can be seen or it can be cut off. */
  abstract ask(text: string, headers?: OutgoingHttpHeaders): HttpExchange;

  /** Asks with messages as they are. */
  askMessages(messages: readonly Members[], headers: OutgoingHttpHeaders = {}): HttpExchange {
    return this.ask(JSON.stringify(messages), headers);
  }

  /** A connect of which the test wants the exchange itself. */
  askConnect(members: Members = {}): HttpExchange {
    return this.askMessages([
      { channel: '/meta/connect', clientId: this.clientId, connectionType: this.transport, ...members },
    ]);
  }

  override async exchange(text: string): Promise<Message[]> {
    const answer = await this.ask(text).answer;
    if (answer.status !== 200) throw new Error(`The server answered with HTTP ${answer.status}.`);
    return this.read(answer.text);
  }

  override async turnedAway(messages: readonly Members[]): Promise<TurnedAway> {
    const { status, headers, text } = await this.askMessages(messages).answer;
    return { status, text, retryAfter: headers['retry-after'] };
  }

  override close(): Promise<void> {
    for (const exchange of this.#underWay) exchange.abort();
    this.#connections.destroy();
    return Promise.resolve();
  }

  /** The array that a response carries. @throws Error unless it carries one. */
  protected abstract read(text: string): Message[];

  /** Told of every response. */
  protected abstract take(answer: HttpAnswer): void;

  protected override async transmit(messages: readonly Members[]): Promise<Message[]> {
    const replies = await this.exchange(JSON.stringify(messages));
    return replies.filter(isReply);
  }

  protected override nextPushes(): Promise<unknown> {
    return this.heldConnect();
  }

  /** Sends a request on a connection of this client. */
  protected request(url: string, question: HttpQuestion): HttpExchange {
    const exchange = ask(url, { connections: this.#connections, ...question });
    this.#underWay.add(exchange);
    const done = (): void => void this.#underWay.delete(exchange);
    exchange.answer.then((answer) => {
      done();
      this.settings.onText?.(answer.text);
      this.take(answer);
    }, done);
    return exchange;
  }
}
