import { ALL_TRANSPORTS, type Bench, onServer } from '../support/bench.js';
import type { PollingClient } from '../support/polling.client.js';

const AT_ONCE = { advice: { timeout: 0 } };
const POLL = { 'multiple-clients': true, reconnect: 'retry', interval: 2_000, timeout: 30_000 };
const HELD = { reconnect: 'retry', interval: 0, timeout: 30_000 };

/** Tabs of one browser: sessions of their own, and one cookie. */
async function tabs(bench: Bench, count: number): Promise<[PollingClient, ...PollingClient[]]> {
  const first = await bench.polling().join();
  const others: PollingClient[] = [];
  while (others.length < count - 1) {
    const tab = bench.polling();
    tab.cookie = first.cookie;
    others.push(await tab.join());
  }
  return [first, ...others];
}

describe('several tabs of one browser', () => {
  onServer((bench) => {
    it('L-15: one is held, the others are told to poll', async () => {
      await bench.start();
      const [first, ...others] = await tabs(bench, 3);
      const held = await bench.hold(first);
      for (const tab of others) {
        expect(await tab.connect()).toMatchObject({ successful: true, advice: POLL });
      }
      expect(held.answered).toBe(false);
    });

    it('L-18: the advice is taken back as soon as a tab can be held again', async () => {
      await bench.start();
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      const held = await bench.hold(first);
      expect(await second.connect()).toMatchObject({ advice: POLL });
      await first.disconnect();
      expect(await held.reply).toMatchObject({ advice: { reconnect: 'none' } });
      const now = await bench.hold(second);
      bench.clock.advance(30_000);
      expect(await now.reply).toMatchObject({ successful: true, advice: HELD });
    });

    it('L-18: also when the tab that was held has just vanished', async () => {
      await bench.start();
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      const held = await bench.hold(first);
      held.reply.catch(() => undefined);
      await first.close();
      await second.sync();
      const now = await bench.hold(second);
      bench.clock.advance(30_000);
      expect(await now.reply).toMatchObject({ advice: HELD });
    });

    it('L-19: a tab that polls is not expired for the interval it was told', async () => {
      await bench.start({ session: { maxInterval: 3_000, timeout: 60_000 } });
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      await bench.hold(first);
      await second.connect();
      bench.clock.advance(4_999);
      expect(bench.app.service.counts.sessions).toBe(2);
      bench.clock.advance(1);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('a tab that polls gets what waited for it', async () => {
      await bench.start();
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      await second.subscribe('/a');
      await bench.hold(first);
      await second.connect();
      await bench.app.service.broadcast('/a', 1);
      expect(await second.connect()).toMatchObject({ successful: true });
      expect(second.pushed()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('a connect that asks for no holding is answered as ever', async () => {
      await bench.start();
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      await bench.hold(first);
      expect(await second.connect(AT_ONCE)).toMatchObject({ advice: HELD });
    });

    it('a newer connect of the held tab itself is held', async () => {
      await bench.start();
      const [first] = await tabs(bench, 1);
      const older = await bench.hold(first);
      older.reply.catch(() => undefined);
      const newer = first.connect();
      await expect(older.reply).rejects.toThrow('500');
      bench.clock.advance(30_000);
      expect(await newer).toMatchObject({ advice: HELD });
    });

    it('L-17: as many are held as the option says', async () => {
      await bench.start({ session: { maxHeldPerBrowser: 2 } });
      const [first, second, third] = (await tabs(bench, 3)) as [PollingClient, PollingClient, PollingClient];
      await bench.hold(first);
      await bench.hold(second);
      expect(await third.connect()).toMatchObject({ advice: POLL });
    });

    it('L-17: -1 holds all, and 0 none', async () => {
      await bench.start({ session: { maxHeldPerBrowser: -1 } });
      for (const tab of await tabs(bench, 3)) await bench.hold(tab);
      await bench.finish();
      await bench.start({ session: { maxHeldPerBrowser: 0 } });
      const [only] = await tabs(bench, 1);
      expect(await only.connect()).toMatchObject({ advice: POLL });
    });

    it('L-16: an interval of 0 refuses the other tabs', async () => {
      await bench.start({ session: { multiSessionInterval: 0 } });
      const [first, second] = (await tabs(bench, 2)) as [PollingClient, PollingClient];
      await bench.hold(first);
      expect(await second.connect()).toMatchObject({
        successful: false,
        error: '403::multiple_clients',
        advice: { 'multiple-clients': true, reconnect: 'none' },
      });
    });

    it('other browsers, and sockets, are not counted', async () => {
      await bench.start();
      const [first] = await tabs(bench, 1);
      await bench.hold(first);
      await bench.hold(await bench.polling().join());
      const socket = bench.socket({ cookie: first.cookie ?? '' });
      await bench.hold(await socket.join());
    });

    it('nor are scripts, whose cookie is not looked at', async () => {
      await bench.start(ALL_TRANSPORTS);
      const [first] = await tabs(bench, 1);
      await bench.hold(first);
      for (let count = 0; count < 2; count++) {
        await bench.hold(await bench.scripts({ cookie: first.cookie ?? '' }).join());
      }
    });
  });
});
