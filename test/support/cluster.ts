import type { CometModuleOptions } from '../../src/index.js';
import type { BayeuxClient } from './bayeux.client.js';
import { OPEN } from './bench.js';
import { Bus } from './bus.engine.js';
import { CometApp } from './comet-app.js';
import { PollingClient } from './polling.client.js';
import { SocketClient } from './socket.client.js';
import { until } from './until.js';
import { VirtualScheduler } from './virtual.scheduler.js';

/** Several nodes of one application, on one bus and one virtual clock. */
export class Cluster {
  readonly clock = new VirtualScheduler();
  readonly bus = new Bus(this.clock);
  readonly nodes: CometApp[] = [];
  readonly #options: CometModuleOptions;
  readonly #clients: BayeuxClient[] = [];

  constructor(options: Partial<CometModuleOptions>) {
    this.#options = { ...OPEN, ...options };
  }

  /** Starts one more node. */
  async start(): Promise<CometApp> {
    const engine = this.bus.engine();
    const node = await CometApp.start({ http: 'express', options: this.#options, clock: this.clock, engine });
    this.nodes.push(node);
    return node;
  }

  /** Takes a node away. */
  async stop(node: CometApp): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await node.close();
  }

  /** A client of one node. */
  client(node: CometApp, transport: 'websocket' | 'long-polling'): BayeuxClient {
    const Client = transport === 'websocket' ? SocketClient : PollingClient;
    const client = new Client({ url: node.url });
    this.#clients.push(client);
    return client;
  }

  /** Takes the errors out of the logs of all nodes. */
  takeErrors(): string[] {
    return this.nodes.flatMap((node) => node.log.takeErrors());
  }

  /** Lets all go, and sees that nothing is left and no error was logged that the test has not taken. */
  async finish(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    const errors = this.takeErrors();
    this.bus.down = false;
    // In steps in which whatever the store is asked can be answered in time.
    await until('everything to end', () => {
      this.clock.advance(5_000);
      return this.nodes.every((node) => node.idle);
    }).catch(() => undefined);
    try {
      for (const node of this.nodes) node.expectIdle();
      expect([...errors, ...this.takeErrors()]).toEqual([]);
    } finally {
      await Promise.all(this.nodes.splice(0).map((node) => node.close()));
    }
  }
}
