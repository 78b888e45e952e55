import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly browser: Socket;
  readonly server: Socket;
  swallows: boolean;
}

/** A network between browser and server, which may lose what the server takes for sent. */
export class LossyProxy {
  /** Bytes of the server that never reached the browser. */
  swallowed = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(target: number) {
    this.#server = createServer((browser) => this.#join(browser, connect(target, '127.0.0.1')));
  }

  static async start(target: number): Promise<LossyProxy> {
    const proxy = new LossyProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Takes what the server sends on the connections of now, and gives it to nobody. */
  swallow(): void {
    for (const pair of this.#pairs) pair.swallows = true;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const { browser } of this.#pairs) browser.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(browser: Socket, server: Socket): void {
    const pair: Pair = { browser, server, swallows: false };
    this.#pairs.add(pair);
    browser.pipe(server);
    server.on('data', (chunk: Buffer) => {
      if (pair.swallows) this.swallowed += chunk.length;
      else browser.write(chunk);
    });
    for (const socket of [browser, server]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#pairs.delete(pair);
        browser.destroy();
        server.destroy();
      });
    }
  }
}
