import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** How often a port is looked for. */
const LOOKS = 100;

/**
 * A port that nobody listens on. It is below those that systems hand out by themselves, so that neither a server on port
 * 0 nor a connection of another test is given it before it is used, or while its server is away.
 */
export async function freePort(): Promise<number> {
  for (let look = 0; look < LOOKS; look++) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('There is no free port.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}
