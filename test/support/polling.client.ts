import type { OutgoingHttpHeaders } from 'node:http';
import type { HttpAnswer, HttpExchange } from './http.js';
import { type Message, parseArray } from './message.js';
import { RequestClient } from './request.client.js';
import { within } from './until.js';

/** Bayeux over HTTP POST, with a cookie jar as a browser has one. */
export class PollingClient extends RequestClient {
  override readonly transport = 'long-polling';
  /** The `BAYEUX_BROWSER` cookie, as `name=value`; a test may take it away or put in somebody else's. */
  cookie: string | undefined;

  override ask(text: string, headers: OutgoingHttpHeaders = {}): HttpExchange {
    return this.post(text, headers);
  }

  /** Sends any text or bytes. */
  post(body: string | Buffer, headers: OutgoingHttpHeaders = {}, suffix = ''): HttpExchange {
    return this.request(this.settings.url + suffix, {
      body,
      headers: {
        'content-type': 'application/json',
        ...this.settings.headers,
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...headers,
      },
    });
  }

  protected override read(text: string): Message[] {
    return parseArray(text);
  }

  protected override take({ status, headers, text }: HttpAnswer): void {
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
