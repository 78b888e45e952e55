import type { Page, Request } from 'playwright-core';
import type { BrowserTransport } from './options.js';

/** A message on its way to the server. */
export interface SentMessage {
  readonly over: BrowserTransport;
  readonly channel: string;
  readonly ext?: { readonly auth?: { readonly token?: string } };
}

type Bare = Omit<SentMessage, 'over'>;

/** Everything that a page sends to the server, as the browser saw it leave: what its client says of itself is not asked. */
export class Wire {
  readonly sent: SentMessage[] = [];

  constructor(page: Page) {
    page.on('request', (request) => {
      if (new URL(request.url()).pathname.startsWith('/cometd')) this.#request(request);
    });
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => {
        this.#note('websocket', String(payload));
      });
    });
  }

  /** How many messages went out on a channel. */
  count(channel: string): number {
    return this.sent.filter((message) => message.channel === channel).length;
  }

  /** The transports that messages on a channel went over, or all messages, each once. */
  transports(channel?: string): BrowserTransport[] {
    const messages = this.sent.filter((message) => channel === undefined || message.channel === channel);
    return [...new Set(messages.map(({ over }) => over))];
  }

  #request(request: Request): void {
    if (request.method() === 'POST') this.#note('long-polling', request.postData() ?? '[]');
    else {
      const texts = new URL(request.url()).searchParams.getAll('message');
      for (const text of texts) this.#note('callback-polling', text);
    }
  }

  #note(over: BrowserTransport, text: string): void {
    const messages = JSON.parse(text) as Bare | Bare[];
    for (const message of [messages].flat()) this.sent.push({ ...message, over });
  }
}
