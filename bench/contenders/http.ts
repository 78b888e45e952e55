import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { Subscribers, userOf } from './subscribers.js';

/** The reply of ours to a connect, and the headers of its responses, so that both send the same bytes. */
const REPLY =
  '{"channel":"/meta/connect","id":"p","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}';
const HEADERS = {
  Vary: 'Origin',
  'X-Content-Type-Options': 'nosniff',
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
};

/** One client: its request that is held, or what waits for the next one. */
interface Poller {
  held: ServerResponse | undefined;
  waiting: string[];
}

/**
 * The least a server can do for long-polling: `node:http` holds requests, which it reads without looking at them, and
 * answers them with texts that were made once.
 */
export default class HttpFloor implements Contender {
  readonly #subscribers = new Subscribers<Poller>();

  listen(): Promise<number> {
    const http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#take(request, response, chunks));
    });
    http.keepAliveTimeout = 120_000;
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly Payload[]): void {
    const texts = messages.map((data) => JSON.stringify({ channel, data }));
    const body = `[${[...texts, REPLY].join(',')}]`;
    for (const poller of this.#subscribers.of(channel)) {
      if (poller.held) {
        respond(poller.held, body);
        poller.held = undefined;
      } else {
        poller.waiting.push(...texts);
      }
    }
  }

  toUser(): void {
    throw new Error('not measured: it knows no users');
  }

  #take(request: IncomingMessage, response: ServerResponse, chunks: readonly Buffer[]): void {
    const user = userOf(request.url);
    const poller = this.#subscribers.user(user);
    if (!poller) {
      const fresh: Poller = { held: undefined, waiting: [] };
      this.#subscribers.enter(user, fresh);
      this.#subscribers.add(fresh, JSON.parse(Buffer.concat(chunks).toString()) as string[]);
      respond(response, '[]');
    } else if (poller.waiting.length > 0) {
      respond(response, `[${[...poller.waiting.splice(0), REPLY].join(',')}]`);
    } else {
      poller.held = response;
    }
  }
}

function respond(response: ServerResponse, body: string): void {
  const headers = { ...HEADERS, 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(200, headers).end(body);
}
