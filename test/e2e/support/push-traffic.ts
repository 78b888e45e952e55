import type { Page } from 'playwright-core';

/** As much of a message as the tests look at. */
export interface PushMessage {
  readonly channel: string;
  readonly clientId?: string;
  readonly ext?: { readonly auth?: { readonly token?: string } };
  readonly data?: { readonly message?: string };
}

/** What a page and the push server say to each other over WebSocket. */
export class PushTraffic {
  readonly sent: PushMessage[] = [];
  readonly received: PushMessage[] = [];
  /** Sockets that were opened, and those of them that are open. */
  opened = 0;
  open = 0;

  constructor(page: Page) {
    page.on('websocket', (socket) => {
      this.opened++;
      this.open++;
      socket.on('framesent', ({ payload }) => this.sent.push(...messagesOf(payload)));
      socket.on('framereceived', ({ payload }) => this.received.push(...messagesOf(payload)));
      socket.on('close', () => this.open--);
    });
  }

  get handshakes(): number {
    return this.sent.filter(({ channel }) => channel === '/meta/handshake').length;
  }

  /** The sessions that the page has connected, each once. */
  get sessions(): string[] {
    return [...new Set(this.sent.flatMap(({ clientId = [] }) => clientId))];
  }

  /** The tokens that the page has shown, each once, in order. */
  get tokens(): string[] {
    return [...new Set(this.sent.flatMap(({ ext }) => ext?.auth?.token ?? []))];
  }

  /** The texts that were pushed. */
  get texts(): (string | undefined)[] {
    const pushed = this.received.filter(({ channel }) => channel === '/eXo/portal/notification');
    return pushed.map(({ data }) => data?.message);
  }
}

const messagesOf = (payload: string | Buffer): PushMessage[] =>
  [JSON.parse(payload.toString()) as PushMessage | PushMessage[]].flat();
