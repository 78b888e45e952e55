import dns from 'node:dns';
import { networkInterfaces } from 'node:os';
import { jest } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { ask } from '../support/http.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { NestStage } from './support/nest-stage.js';

@Controller('portal')
class PortalController {
  @Get()
  page(): string {
    return 'the portal';
  }
}

/** What `localhost` means where the hosts file is complete: IPv6 only if the machine has it. */
function loopbackAddresses(): { address: string; family: 4 | 6 }[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const hasIPv6 = all.some(({ address }) => address === '::1');
  return [{ address: '127.0.0.1', family: 4 }, ...(hasIPv6 ? [{ address: '::1', family: 6 } as const] : [])];
}

/** Has every look-up of all addresses of `localhost` find these. */
function resolveLocalhostTo(addresses: { address: string; family: 4 | 6 }[]): void {
  const lookup = dns.lookup.bind(dns) as (...args: unknown[]) => void;
  const standIn = (host: string, ...rest: unknown[]): void => {
    const answer = rest.at(-1) as (error: null, found: typeof addresses) => void;
    const [options] = rest as [{ all?: boolean }];
    if (host === 'localhost' && options.all === true) setImmediate(answer, null, addresses);
    else lookup(host, ...rest);
  };
  jest.spyOn(dns, 'lookup').mockImplementation(standIn);
}

describe('Fastify that listens on localhost', () => {
  const stage = new NestStage();

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('[W5] serves the endpoint on each of its addresses, which are servers of their own', async () => {
    const addresses = loopbackAddresses();
    resolveLocalhostTo(addresses);
    const app = await stage.start({ http: 'fastify', host: 'localhost', controllers: [PortalController] });
    for (const { address, family } of addresses) {
      const origin = `http://${family === 6 ? `[${address}]` : address}:${app.port}`;
      // Its further servers pass every upgrade on to the first.
      for (const headers of [{}, { connection: 'upgrade', upgrade: 'h2c' }]) {
        const { answer } = ask(`${origin}/portal`, { method: 'GET', headers, body: '' });
        expect((await answer).text).toBe('the portal');
      }
      for (const client of [
        new PollingClient({ url: `${origin}/cometd` }),
        new SocketClient({ url: `${origin}/cometd` }),
      ]) {
        await client.join();
        await client.subscribe('/news');
        expect(await app.service.broadcast('/news', address)).toEqual({ sessions: 1 });
        expect(await client.receive()).toEqual([{ channel: '/news', data: address }]);
        await client.disconnect();
        await client.close();
      }
    }
  });
});
