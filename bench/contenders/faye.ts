import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { benchPackage } from './packages.js';

interface NodeAdapter {
  attach(http: Server): void;
  getClient(): { publish(channel: string, data: unknown): PromiseLike<void> };
}

interface Faye {
  readonly NodeAdapter: new (options: { mount: string; timeout: number }) => NodeAdapter;
}

/** faye. It knows no users: each has a channel. */
export default class FayeContender implements Contender {
  #client!: ReturnType<NodeAdapter['getClient']>;

  async listen(): Promise<number> {
    const { NodeAdapter } = benchPackage('faye') as Faye;
    const adapter = new NodeAdapter({ mount: '/cometd', timeout: 45 });
    const http = createServer();
    adapter.attach(http);
    this.#client = adapter.getClient();
    // The first message waits for a handshake, and younger ones would overtake it.
    await this.#client.publish('/first', {});
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly Payload[]): void {
    for (const data of messages) void this.#client.publish(channel, data);
  }

  toUser(user: string, data: Payload): void {
    void this.#client.publish(`/inbox/${user}`, data);
  }
}
