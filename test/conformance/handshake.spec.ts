import { overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { until } from '../support/until.js';

const RETRY = { reconnect: 'retry', interval: 0, timeout: 30_000 };
const MAX_INTERVAL = 60_000;

describe('handshake', () => {
  overEveryTransport((bench) => {
    it('H-02: is answered with the session and what the server offers', async () => {
      await bench.start();
      expect(await bench.client().handshake({ id: '1' })).toEqual({
        channel: '/meta/handshake',
        id: '1',
        clientId: expect.any(String) as string,
        version: '1.0',
        minimumVersion: '1.0',
        supportedConnectionTypes: bench.offered,
        successful: true,
        advice: RETRY,
      });
    });

    it('H-01, T24: stands alone in its request: its company belongs to no session', async () => {
      await bench.start();
      const [sender, witness] = [bench.client(), await bench.client().join()];
      await witness.subscribe('/a');
      const replies = await sender.send([
        { channel: '/meta/handshake', version: '1.0' },
        { channel: '/a', clientId: witness.clientId, data: 'smuggled', id: '2' },
        { channel: '/a', data: 'smuggled', id: '3' },
      ]);
      expect(replies).toMatchObject([
        { channel: '/meta/handshake', successful: true },
        { id: '2', successful: false, error: '402::session_unknown' },
        { id: '3', successful: false, error: '402::session_unknown' },
      ]);
      await witness.catchUp();
      expect(witness.pushed()).toEqual([]);
    });

    it('H-01: a second handshake in one request makes no second session', async () => {
      await bench.start();
      const replies = await bench
        .client()
        .send([{ channel: '/meta/handshake' }, { channel: '/meta/handshake' }]);
      expect(replies).toMatchObject([
        { successful: true },
        { successful: false, error: '402::session_unknown' },
      ]);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it.each([
      [
        'no transport in common',
        { supportedConnectionTypes: ['foo', 5] },
        '400::connection_types_unsupported',
      ],
      ['a newer minimum version', { minimumVersion: '1.0.1' }, '400::version_unsupported'],
      ['a much newer one', { minimumVersion: '2' }, '400::version_unsupported'],
    ])('H-03: fails for good with %s', async (_, members, error) => {
      await bench.start();
      expect(await bench.client().handshake({ id: '1', ...members })).toEqual({
        channel: '/meta/handshake',
        id: '1',
        successful: false,
        error,
        supportedConnectionTypes: bench.offered,
        advice: { reconnect: 'none' },
      });
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it.each([
      ['without versions and transports', { version: undefined, supportedConnectionTypes: undefined }],
      ['with an empty list of transports', { supportedConnectionTypes: [] }],
      ['with one transport in common', { supportedConnectionTypes: ['foo', 'long-polling'] }],
      ['with another version', { version: '9.0' }],
      ['with an older minimum version', { minimumVersion: '0.9' }],
      ['with the same minimum version, spelled longer', { minimumVersion: '1.0.0' }],
      ['with members of the wrong types', { version: 1, minimumVersion: {}, supportedConnectionTypes: 'x' }],
    ])('H-03: succeeds %s', async (_, members) => {
      await bench.start();
      expect(await bench.client().handshake(members)).toMatchObject({ successful: true });
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('not today');
        },
      ],
      ['rejects', () => Promise.reject(new Error('not today'))],
    ])('H-04: fails for good if handleConnection %s', async (_, onConnection) => {
      await bench.start({}, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = onConnection;
      expect(await bench.client().handshake({ id: '1' })).toEqual({
        channel: '/meta/handshake',
        id: '1',
        successful: false,
        error: '403::handshake_denied',
        supportedConnectionTypes: bench.offered,
        advice: { reconnect: 'none' },
      });
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('H-04: fails for good if handleConnection takes too long', async () => {
      await bench.start({ session: { hookTimeout: 5_000 } }, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = () => new Promise(() => undefined);
      const reply = bench.client().handshake();
      await until('the handshake to arrive', () => bench.app.service.counts.sessions === 1);
      bench.clock.advance(5_000);
      expect(await reply).toMatchObject({ error: '403::handshake_denied', advice: { reconnect: 'none' } });
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('H-06, T22: makes a new session each time; the old one is left to expire', async () => {
      await bench.start();
      const client = await bench.client().join();
      const first = client.clientId;
      await client.handshake({ clientId: first });
      expect(client.clientId).not.toBe(first);
      expect(bench.app.service.counts.sessions).toBe(2);
      await client.connect();
      const held = await bench.hold(client);
      bench.clock.advance(MAX_INTERVAL - 1);
      expect(bench.app.service.counts.sessions).toBe(2);
      bench.clock.advance(1);
      expect(bench.app.service.counts.sessions).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true });
    });

    it('H-07: nothing is delivered ahead of its reply', async () => {
      await bench.start({}, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = (session) => session.send('/welcome', 'hello');
      const client = bench.client();
      await client.handshake();
      expect(client.received).toMatchObject([{ channel: '/meta/handshake', successful: true }]);
      await client.connect();
      expect(client.received).toMatchObject([
        { channel: '/meta/handshake' },
        { channel: '/welcome', data: 'hello' },
        { channel: '/meta/connect' },
      ]);
    });

    it('H-08: a session that never connects is removed, to the millisecond', async () => {
      await bench.start();
      await bench.client().handshake();
      bench.clock.advance(MAX_INTERVAL - 1);
      expect(bench.app.service.counts.sessions).toBe(1);
      bench.clock.advance(1);
      expect(bench.app.service.counts.sessions).toBe(0);
    });
  });
});
