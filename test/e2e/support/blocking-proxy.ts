import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';

/** A company's proxy that knows HTTP and nothing else: upgrades to WebSocket end at it. */
export class BlockingProxy {
  /** Upgrades that were refused. */
  refused = 0;

  private constructor(
    readonly server: Server,
    readonly port: number,
  ) {}

  static async start(port: number, target: number): Promise<BlockingProxy> {
    const server = createServer((incoming, outgoing) => {
      const onward = forward(
        {
          host: '127.0.0.1',
          port: target,
          method: incoming.method,
          path: incoming.url,
          headers: incoming.headers,
        },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
          answer.pipe(outgoing);
        },
      );
      onward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    const proxy = new BlockingProxy(server, port);
    server.on('upgrade', (_request, socket) => {
      proxy.refused++;
      // The browser may be gone before it has read the refusal.
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
