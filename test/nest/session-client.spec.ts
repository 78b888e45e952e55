import { overEveryTransport } from '../support/bench.js';

describe('the client of a session', () => {
  overEveryTransport((bench) => {
    it('is known by its address and by what it said of itself at the handshake, and by no secrets', async () => {
      await bench.start({ trustProxy: ['127.0.0.1'] });
      const client = await bench
        .client({
          'user-agent': 'a browser',
          'accept-language': 'pt',
          'x-forwarded-for': '203.0.113.7',
          cookie: 'secret=1',
          'x-other': 'other',
        })
        .join();
      const session = bench.app.service.findSession(client.clientId);
      expect({ address: session?.address, headers: session?.headers }).toEqual({
        address: '203.0.113.7',
        headers: { 'user-agent': 'a browser', 'accept-language': 'pt' },
      });
    });

    it('of the server itself is nobody', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      expect([local.session.address, local.session.headers]).toEqual([undefined, {}]);
      local.disconnect();
    });
  });
});
