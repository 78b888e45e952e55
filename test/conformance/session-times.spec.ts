import type { CometModuleOptions } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { onServer, overEveryTransport, type TransportName } from '../support/bench.js';
import { leave, sessionOf } from './support/away.js';

const AT_ONCE = { advice: { timeout: 0 } };
const TIMES = { timeout: 11_000, interval: 1_000, maxInterval: 12_000 };
const OTHER_TIMES = { timeout: 21_000, interval: 2_000, maxInterval: 22_000 };
const ADVICE = { reconnect: 'retry', interval: 1_000, timeout: 11_000 };
const OTHER_ADVICE = { reconnect: 'retry', interval: 2_000, timeout: 21_000 };

/** Options with times of their own for one transport. */
function timesOf(transport: TransportName, times: typeof TIMES): Partial<CometModuleOptions> {
  switch (transport) {
    case 'websocket':
      return { websocket: times };
    case 'long-polling':
      return { longPolling: times };
    case 'callback-polling':
      return { callbackPolling: times };
  }
}

describe('the rhythm of a session', () => {
  overEveryTransport((bench) => {
    const sessions = (): number => bench.app.service.counts.sessions;

    it('is that of its transport, where that has one', async () => {
      await bench.start({ session: OTHER_TIMES, ...timesOf(bench.transport, TIMES) });
      const client = bench.client();
      expect((await client.handshake()).advice).toEqual(ADVICE);
      expect(sessionOf(bench, client).times).toEqual(TIMES);
      expect((await client.connect()).advice).toEqual(ADVICE);
      const held = await bench.hold(client);
      bench.clock.advance(10_999);
      expect(held.answered).toBe(false);
      bench.clock.advance(1);
      expect((await held.reply).advice).toEqual(ADVICE);
      await leave(bench, client);
      bench.clock.advance(12_999);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
    });

    it('is that of all where its transport has none, or not all of it', async () => {
      const other = bench.transport === 'websocket' ? 'long-polling' : 'websocket';
      await bench.start({ session: OTHER_TIMES, ...timesOf(other, TIMES) });
      expect((await bench.client().handshake()).advice).toEqual(OTHER_ADVICE);
      await bench.finish();
      const part = { interval: 3_000 } as typeof TIMES;
      await bench.start({ session: OTHER_TIMES, ...timesOf(bench.transport, part) });
      expect((await bench.client().handshake()).advice).toEqual({ ...OTHER_ADVICE, interval: 3_000 });
    });

    it('is its own from its next connect on, where it was changed', async () => {
      await bench.start({ session: OTHER_TIMES });
      const client = await bench.client().join();
      const session = sessionOf(bench, client);
      const first = await bench.hold(client);
      session.setTimes(TIMES);
      expect(session.times).toEqual(TIMES);
      bench.clock.advance(20_999);
      expect(first.answered).toBe(false);
      bench.clock.advance(1);
      await first.reply;
      expect((await client.connect(AT_ONCE)).advice).toEqual(ADVICE);
      const held = await bench.hold(client);
      bench.clock.advance(11_000);
      expect((await held.reply).advice).toEqual(ADVICE);
      await leave(bench, client);
      bench.clock.advance(12_999);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
    });

    it('can be changed in part, and back', async () => {
      await bench.start({ session: OTHER_TIMES });
      const client = await bench.client().join();
      const session = sessionOf(bench, client);
      session.setTimes({ timeout: 5_000, interval: 500 });
      session.setTimes({ interval: undefined });
      expect(session.times).toEqual({ ...OTHER_TIMES, timeout: 5_000 });
      expect((await client.connect(AT_ONCE)).advice).toEqual({ ...OTHER_ADVICE, timeout: 5_000 });
      session.setTimes({ timeout: undefined });
      expect((await client.connect(AT_ONCE)).advice).toEqual(OTHER_ADVICE);
    });

    it('is no longer than its own for a client that wishes so', async () => {
      await bench.start();
      const client = await bench.client().join();
      sessionOf(bench, client).setTimes({ timeout: 40_000, maxInterval: 3_000 });
      const held = await bench.hold(client, { advice: { timeout: 60_000, interval: 9_000 } });
      bench.clock.advance(39_999);
      expect(held.answered).toBe(false);
      bench.clock.advance(1);
      expect((await held.reply).advice).toEqual({ reconnect: 'retry', interval: 3_000, timeout: 40_000 });
    });

    it.each([
      { timeout: -1 },
      { interval: Number.NaN },
      { maxInterval: Infinity },
      { timeout: 2_147_483_648 },
      { interval: '5' as never },
    ])('cannot be %j, and nothing is changed then', async (times) => {
      await bench.start({ session: OTHER_TIMES });
      const client = await bench.client().join();
      const session = sessionOf(bench, client);
      expect(() => {
        session.setTimes({ ...TIMES, ...times });
      }).toThrow(RangeError);
      expect(session.times).toEqual(OTHER_TIMES);
    });

    it('may be as short and as long as a timer can be', async () => {
      await bench.start();
      const client = await bench.client().join();
      const session = sessionOf(bench, client);
      session.setTimes({ timeout: 0, interval: 0, maxInterval: 2_147_483_647 });
      expect((await client.connect()).advice).toEqual({ reconnect: 'retry', interval: 0, timeout: 0 });
      await leave(bench, client);
      session.disconnect();
    });
  });
});

describe('the rhythm of a session that moves', () => {
  onServer((bench) => {
    async function moved(from: BayeuxClient, to: BayeuxClient): Promise<BayeuxClient> {
      await from.join();
      to.clientId = from.clientId;
      return to;
    }

    it('is that of the transport it moves to, and then back', async () => {
      await bench.start({ websocket: TIMES, longPolling: OTHER_TIMES });
      const [socket, polling] = [bench.socket(), bench.polling()];
      await moved(socket, polling);
      expect(sessionOf(bench, socket)).toMatchObject({ times: TIMES, transport: 'websocket' });
      expect((await polling.connect(AT_ONCE)).advice).toEqual(OTHER_ADVICE);
      expect(sessionOf(bench, socket)).toMatchObject({ times: OTHER_TIMES, transport: 'long-polling' });
      await socket.end();
      bench.clock.advance(23_999);
      expect(bench.app.service.counts.sessions).toBe(1);
      await socket.open();
      expect((await socket.connect(AT_ONCE)).advice).toEqual(ADVICE);
    });

    it('stays its own where it was changed', async () => {
      await bench.start({ websocket: TIMES, longPolling: OTHER_TIMES });
      const [socket, polling] = [bench.socket(), bench.polling()];
      await moved(socket, polling);
      sessionOf(bench, socket).setTimes({ timeout: 5_000 });
      expect((await polling.connect(AT_ONCE)).advice).toEqual({ ...OTHER_ADVICE, timeout: 5_000 });
    });

    it('does not move with a message that is no connect', async () => {
      await bench.start({ websocket: TIMES, longPolling: OTHER_TIMES });
      const [socket, polling] = [bench.socket(), bench.polling()];
      await moved(socket, polling);
      expect(await polling.publish('/a', 1)).toMatchObject({ successful: true });
      expect(sessionOf(bench, socket).times).toEqual(TIMES);
    });
  });
});
