import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpAnswer, HttpExchange } from './http.js';
import { type Members, type Message, parseArray } from './message.js';
import { RequestClient } from './request.client.js';

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
export class CallbackClient extends RequestClient {
  override readonly transport = 'callback-polling';
  /**
   * Goes into every message that has nothing of its own to present, as nothing else proves a session on this transport.
   * Whoever shakes hands with a token presents it from then on.
   */
  credentials: Members = {};

  override handshake(members: Members = {}): Promise<Message> {
    const { auth } = (members['ext'] ?? {}) as Members;
    if (auth !== undefined) this.credentials = { ext: { auth } };
    return super.handshake({ supportedConnectionTypes: [this.transport], ...members });
  }

  override async catchUp(): Promise<void> {
    await this.connect({ advice: { timeout: 0 } });
  }

  override ask(text: string, headers: OutgoingHttpHeaders = {}): HttpExchange {
    return this.get(queryOf([text]), headers);
  }

  /** Asks with any query. */
  get(query: string, headers: OutgoingHttpHeaders = {}, suffix = ''): HttpExchange {
    return this.request(`${this.settings.url}${suffix}?${query}`, {
      method: 'GET',
      body: '',
      headers: { ...this.settings.headers, ...headers },
    });
  }

  protected override read(text: string): Message[] {
    return parseScript(text);
  }

  protected override take({ status, text }: HttpAnswer): void {
    if (status === 200 && text.startsWith(`/**/${CALLBACK}(`)) this.received.push(...parseScript(text));
  }

  protected override transmit(messages: readonly Members[]): Promise<Message[]> {
    return super.transmit(messages.map((message) => this.#present(message)));
  }

  #present(message: Members): Members {
    if (!('ext' in this.credentials)) return message;
    return { ...message, ext: { ...(this.credentials['ext'] as Members), ...(message['ext'] as Members) } };
  }
}
