import type { Page } from 'playwright-core';

/** Where a page's requests and sockets go. */
export class Traffic {
  readonly #hosts = new Set<string>();

  constructor(page: Page) {
    page.on('request', (request) => this.#note(request.url()));
    page.on('websocket', (socket) => this.#note(socket.url()));
  }

  /** Hosts with ports, each once. What has no host, such as a worker made from a blob, is no request to anybody. */
  get hosts(): string[] {
    return [...this.#hosts];
  }

  #note(url: string): void {
    const { host, protocol } = new URL(url);
    if (!/^(?:data|blob):$/.test(protocol)) this.#hosts.add(host);
  }
}
