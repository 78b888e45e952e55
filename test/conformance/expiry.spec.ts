import { onServer, overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

const TIMEOUT = 30_000;
const MAX_INTERVAL = 10_000;
const INTERVAL = 2_000;

const TIMES = { session: { timeout: TIMEOUT, interval: INTERVAL, maxInterval: MAX_INTERVAL } };

describe('expiry', () => {
  overEveryTransport((bench) => {
    const sessions = (): number => bench.app.service.counts.sessions;
    const gone = (): Promise<void> =>
      until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
    const expectExpiryIn = (milliseconds: number): void => {
      bench.clock.advance(milliseconds - 1);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
    };

    it('X-03: counts from the handshake', async () => {
      await bench.start(TIMES);
      await bench.client().handshake();
      expectExpiryIn(INTERVAL + MAX_INTERVAL);
    });

    it('X-01: counts from the reply of a connect', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      bench.clock.advance(5_000);
      await client.connect({ advice: { timeout: 0 } });
      expectExpiryIn(INTERVAL + MAX_INTERVAL);
    });

    it('X-01: counts from the end of a held connect', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      const held = await bench.hold(client);
      bench.clock.advance(TIMEOUT);
      await held.reply;
      expectExpiryIn(INTERVAL + MAX_INTERVAL);
    });

    it('X-02: any other message puts it off to maxInterval at least', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      bench.clock.advance(INTERVAL + MAX_INTERVAL - 1);
      await client.publish('/a', 1);
      expectExpiryIn(MAX_INTERVAL);
    });

    it('X-02: but never brings it forward', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      await client.subscribe('/a');
      expectExpiryIn(INTERVAL + MAX_INTERVAL);
    });

    it('[N5] leaves by default the sessions of hidden tabs, whose timers run once a minute', async () => {
      await bench.start();
      const client = await bench.client().join();
      const MINUTE = 60_000;
      for (let minute = 0; minute < 3; minute++) {
        const held = await bench.hold(client);
        bench.clock.advance(TIMEOUT);
        expect(await held.reply).toMatchObject({ successful: true });
        bench.clock.advance(MINUTE - TIMEOUT);
      }
      // A message may come, and answer the connect, just after a tab had its turn.
      await client.connect({ advice: { timeout: 0 } });
      bench.clock.advance(MINUTE - 1);
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    });

    it('X-04: traffic does not take the end of a held connect away', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      const held = await bench.hold(client);
      bench.clock.advance(TIMEOUT - 1);
      await client.publish('/a', 1);
      expect(held.answered).toBe(false);
      bench.clock.advance(1);
      await held.reply;
      expectExpiryIn(INTERVAL + MAX_INTERVAL);
    });

    it('X-06, X-09: takes subscriptions along and is told to gateways, not to the client', async () => {
      await bench.start(TIMES, [GreeterGateway]);
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b/**']);
      const before = client.received.length;
      bench.clock.advance(INTERVAL + MAX_INTERVAL);
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
      const { sessions: begun, gone } = bench.app.get(GreeterGateway);
      expect(gone).toEqual(begun);
      expect(client.received.slice(before)).toEqual([]);
      expect(await client.connect()).toMatchObject({ error: '402::session_unknown' });
    });

    it('X-07: waits for a message in processing, up to maxProcessing', async () => {
      const app = await bench.start({ session: { ...TIMES.session, maxProcessing: 60_000 } }, [
        ServiceGateway,
      ]);
      const client = await bench.client().join();
      const before = bench.clock.armed;
      const call = client.call('/service/slow', 1);
      await until('the call to arrive', () => bench.clock.armed > before);
      bench.clock.advance(59_999);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
      expect((await call).reply).toMatchObject({ successful: false, error: '500::service_failed' });
      app.log.takeErrors();
    });

    it('W-11, L-13: a client that vanishes while its connect is held has maxInterval to come back', async () => {
      await bench.start({ ...TIMES, session: { ...TIMES.session, interval: 0 } });
      const client = await bench.client().join();
      await bench.hold(client);
      const before = bench.clock.armed;
      await client.close();
      await until('the hold to be dropped', () => bench.clock.armed < before);
      expectExpiryIn(MAX_INTERVAL);
    });

    it('X-03, W-12: handshake, subscribe, publish and close leave nothing for ever', async () => {
      await bench.start(TIMES);
      const client = bench.client();
      await client.handshake();
      await client.subscribe('/a');
      await client.publish('/a', 1);
      await client.close();
      await gone();
      expect(bench.app.service.counts).toMatchObject({ sessions: 1, channels: 1 });
      bench.clock.advance(INTERVAL + MAX_INTERVAL);
      expect(bench.app.service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    });

    it('W-11: pushes to a session without a socket wait and do not keep it alive', async () => {
      await bench.start(TIMES);
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.close();
      await gone();
      bench.clock.advance(MAX_INTERVAL);
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      bench.clock.advance(INTERVAL);
      expect(sessions()).toBe(0);
    });
  });
});

describe('expiry of a session on a socket', () => {
  onServer((bench) => {
    const sessions = (): number => bench.app.service.counts.sessions;
    const gone = (): Promise<void> =>
      until('the socket to be gone', () => bench.app.service.counts.sockets === 0);

    it('W-11: counts from the last connect if none was held when the socket closed', async () => {
      await bench.start(TIMES);
      const client = await bench.socket().join();
      bench.clock.advance(5_000);
      await client.leave();
      await gone();
      bench.clock.advance(INTERVAL + MAX_INTERVAL - 5_001);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
    });

    it('X-01: an idle socket does not keep its session alive', async () => {
      await bench.start(TIMES);
      const client = await bench.socket().join();
      bench.clock.advance(INTERVAL + MAX_INTERVAL);
      expect(sessions()).toBe(0);
      expect(client.closed).toBeUndefined();
    });
  });
});
