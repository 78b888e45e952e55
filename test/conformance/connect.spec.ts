import { overEveryHttpVersion } from '../support/bench.js';
import { within } from '../support/until.js';

const TIMEOUT = 30_000;
const MAX_INTERVAL = 60_000;
const RETRY = { reconnect: 'retry', interval: 0, timeout: TIMEOUT };

describe('connect', () => {
  overEveryHttpVersion((bench) => {
    it('K-02, K-03: the first one is never held, and answered with advice', async () => {
      await bench.start();
      const client = bench.client();
      await client.handshake();
      const reply = await client.connect({ id: '7' });
      expect(reply).toEqual({ channel: '/meta/connect', id: '7', successful: true, advice: RETRY });
    });

    it.each([undefined, 'foo', 5, null])('K-01: its connectionType %j is not looked at', async (type) => {
      await bench.start();
      const client = bench.client();
      await client.handshake();
      expect(await client.connect({ connectionType: type })).toMatchObject({ successful: true });
    });

    it('K-04: the second one is held for the timeout, to the millisecond', async () => {
      await bench.start();
      const client = await bench.client().join();
      const held = await bench.hold(client, { id: '9' });
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      await client.sync();
      expect(held.answered).toBe(false);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toEqual({
        channel: '/meta/connect',
        id: '9',
        successful: true,
        advice: RETRY,
      });
    });

    it('K-04: so is the next, and the one after', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (let round = 0; round < 3; round++) {
        const held = await bench.hold(client);
        expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
        expect(bench.clock.advance(1)).toBe(1);
        expect(await held.reply).toMatchObject({ successful: true });
      }
    });

    it('K-04: a timeout of 0 never holds', async () => {
      await bench.start({ session: { timeout: 0 } });
      const client = await bench.client().join();
      expect(await client.connect()).toMatchObject({ successful: true, advice: { timeout: 0 } });
    });

    it('K-05: a timeout of 0 in its advice is answered at once', async () => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({
        successful: true,
        advice: RETRY,
      });
    });

    it.each([
      ['shorter than the server’s is kept to', { timeout: 1_000 }, 1_000],
      ['longer than the server’s is cut', { timeout: 1e9 }, TIMEOUT],
      ['that is negative is ignored', { timeout: -5 }, TIMEOUT],
      ['that is no number is ignored', { timeout: 'x' }, TIMEOUT],
      ['that is null is ignored', { timeout: null }, TIMEOUT],
    ])('K-05: a timeout in its advice %s', async (_, advice, expected) => {
      await bench.start();
      const client = await bench.client().join();
      const held = await bench.hold(client, { advice });
      expect(bench.clock.advance(expected - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true, advice: RETRY });
    });

    it.each([[null], [[]], ['x'], [5], [true]])('K-05: advice that is %j is ignored', async (advice) => {
      await bench.start();
      const client = await bench.client().join();
      const held = await bench.hold(client, { advice });
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true, advice: RETRY });
    });

    it('K-05: a timeout holds for its own connect only', async () => {
      await bench.start();
      const client = await bench.client().join();
      const short = await bench.hold(client, { advice: { timeout: 1_000 } });
      bench.clock.advance(1_000);
      await short.reply;
      const held = await bench.hold(client);
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true });
    });

    it.each([
      ['is repeated and puts expiry off', 9_000, 9_000],
      ['beyond the server’s maximum is cut', 1e9, MAX_INTERVAL],
      ['that is negative is ignored', -5, 0],
      ['that is no number is ignored', 'x', 0],
    ])('K-05: an interval in its advice %s', async (_, interval, expected) => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.connect({ advice: { timeout: 0, interval } })).toMatchObject({
        advice: { ...RETRY, interval: expected },
      });
      bench.clock.advance(expected + MAX_INTERVAL - 1);
      expect(bench.app.service.counts.sessions).toBe(1);
      bench.clock.advance(1);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('the next connect takes an interval back', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.connect({ advice: { timeout: 0, interval: 9_000 } });
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({ advice: RETRY });
      bench.clock.advance(MAX_INTERVAL);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('K-07: one that is held when the client disconnects is answered with advice none', async () => {
      await bench.start();
      const client = await bench.client().join();
      const held = await bench.hold(client, { id: '8' });
      expect(await client.disconnect()).toMatchObject({ successful: true });
      expect(await held.reply).toEqual({
        channel: '/meta/connect',
        id: '8',
        successful: true,
        advice: { reconnect: 'none' },
      });
    });

    it('K-08: without a session it is told to handshake at once', async () => {
      await bench.start();
      const client = bench.client();
      client.clientId = 'nobody';
      expect(await client.connect({ id: '4' })).toEqual({
        channel: '/meta/connect',
        id: '4',
        successful: false,
        error: '402::session_unknown',
        advice: { reconnect: 'handshake', interval: 0 },
      });
    });

    it('in the first minute of the server, clients are told to come back one by one', async () => {
      await bench.startJustNow({ session: { rehandshakeSpread: 5_000 } });
      const client = bench.client();
      client.clientId = 'nobody';
      const intervals = new Set<number>();
      for (let attempt = 0; attempt < 12; attempt++) {
        const { advice } = await client.connect();
        expect(advice?.reconnect).toBe('handshake');
        expect(advice?.interval).toBeGreaterThanOrEqual(0);
        expect(advice?.interval).toBeLessThanOrEqual(5_000);
        intervals.add(advice?.interval ?? 0);
      }
      expect(intervals.size).toBeGreaterThan(1);
    });

    it('L-10, W-02: a message reaches a client whose connect is held, at once and ahead of its reply', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const held = await bench.hold(client);
      expect(await bench.app.service.broadcast('/a', 'now')).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'now' }]);
      // Over HTTP the message took the response; over WebSocket the connect is held to the end of its time.
      bench.clock.advance(TIMEOUT);
      expect(await within('the reply', held.reply)).toMatchObject({ successful: true });
      const kinds = client.received.map(({ channel }) => channel);
      expect(kinds.indexOf('/a')).toBeLessThan(kinds.lastIndexOf('/meta/connect'));
    });

    it('K-04: what was published meanwhile comes before anything else', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const before = client.received.length;
      await bench.app.service.broadcast('/a', 1);
      await bench.app.service.broadcast('/a', 2);
      await client.connect({ advice: { timeout: 0 } });
      expect(client.received.slice(before)).toMatchObject([
        { channel: '/a', data: 1 },
        { channel: '/a', data: 2 },
        { channel: '/meta/connect', successful: true },
      ]);
    });
  });
});
