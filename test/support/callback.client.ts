import type { OutgoingHttpHeaders } from 'node:http';
import { BayeuxClient } from './bayeux.client.js';
import { ask, type HttpExchange } from './http.js';
import { isReply, type Members, type Message, parseArray } from './message.js';

const CALLBACK = 'comet.done';
const SCRIPT = /^\/\*\*\/([\w.-]+)\((.*)\);$/s;

/** The array in a script. @throws Error unless the script calls `callback` with it and does nothing else. */
export function parseScript(text: string, callback = CALLBACK): Message[] {
  const [, called, array = ''] = SCRIPT.exec(text) ?? [];
  if (called !== callback) throw new Error(`No call of ${callback}: ${text}`);
  return parseArray(array);
}

/** The part of a query that asks for `texts`, as one `message` each. */
export function queryOf(texts: readonly string[], callback = CALLBACK): string {
  return new URLSearchParams([
    ['jsonp', callback],
    ...texts.map((text): [string, string] => ['message', text]),
  ]).toString();
}

/** Bayeux over scripts, as a page without any other means includes them: a URL is all it can choose. */
export class CallbackClient extends BayeuxClient {
  override readonly transport = 'callback-polling';
  /** Goes into every message, as nothing else proves a session on this transport. */
  credentials: Members = {};
  readonly #underWay = new Set<HttpExchange>();

  override handshake(members: Members = {}): Promise<Message> {
    return super.handshake({ supportedConnectionTypes: [this.transport], ...members });
  }

  override async exchange(text: string): Promise<Message[]> {
    const { status, text: script } = await this.get(queryOf([text])).answer;
    if (status !== 200) throw new Error(`The server answered with HTTP ${status}.`);
    return parseScript(script);
  }

  /** Asks with any query; gives back the exchange, so that its status can be seen or it can be cut off. */
  get(query: string, headers: OutgoingHttpHeaders = {}, suffix = ''): HttpExchange {
    const exchange = ask(`${this.settings.url}${suffix}?${query}`, {
      method: 'GET',
      body: '',
      headers: { ...this.settings.headers, ...headers },
    });
    this.#underWay.add(exchange);
    const done = (): void => void this.#underWay.delete(exchange);
    exchange.answer.then(({ status, text }) => {
      done();
      this.settings.onText?.(text);
      if (status === 200 && text.startsWith(`/**/${CALLBACK}(`)) this.received.push(...parseScript(text));
    }, done);
    return exchange;
  }

  /** Asks for messages as they are. */
  getMessages(messages: readonly Members[], headers: OutgoingHttpHeaders = {}): HttpExchange {
    return this.get(queryOf([JSON.stringify(messages)]), headers);
  }

  /** A connect of which the test wants the exchange itself. */
  getConnect(members: Members = {}): HttpExchange {
    return this.getMessages([
      { channel: '/meta/connect', clientId: this.clientId, connectionType: this.transport, ...members },
    ]);
  }

  override close(): Promise<void> {
    for (const exchange of this.#underWay) exchange.abort();
    return Promise.resolve();
  }

  protected override async transmit(messages: readonly Members[]): Promise<Message[]> {
    const presented = messages.map((message) => ({ ...message, ...this.credentials }));
    const replies = await this.exchange(JSON.stringify(presented));
    return replies.filter(isReply);
  }

  protected override nextPushes(): Promise<unknown> {
    return this.heldConnect();
  }
}
