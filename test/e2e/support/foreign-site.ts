import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const page = (target: string): string =>
  `<!doctype html><title>A prize</title><form method="post" action="${target}"><button>Take it</button></form>`;

/** A site that is none of the portal's: another origin, yet the browser sends it cookies of the same host. */
export class ForeignSite {
  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  /** `target` is where the form on its page leads. */
  static async start(target: string): Promise<ForeignSite> {
    const server = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end(page(target)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ForeignSite(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
