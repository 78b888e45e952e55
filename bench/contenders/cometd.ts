import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { benchPackage } from './packages.js';

interface CometDServer {
  readonly handle: RequestListener;
  createServerChannel(name: string): { publish(sender: null, data: unknown): void };
}

interface CometD {
  createCometDServer(): CometDServer;
}

/** cometd-nodejs-server, which has long-polling only. */
export default class CometdContender implements Contender {
  readonly #server = (benchPackage('cometd-nodejs-server') as CometD).createCometDServer();

  listen(): Promise<number> {
    const http = createServer(this.#server.handle);
    http.keepAliveTimeout = 120_000;
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly Payload[]): void {
    for (const data of messages) this.#server.createServerChannel(channel).publish(null, data);
  }

  toUser(): void {
    throw new Error('not measured: it knows no users');
  }
}
