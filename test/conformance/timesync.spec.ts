import { overEveryTransport } from '../support/bench.js';

/** A client whose clock is five seconds behind. */
const BEHIND = 5_000;

describe('timesync', () => {
  overEveryTransport((bench) => {
    const asking = (members: object) => ({ ext: { timesync: members } });

    it('tells when a meta message arrived, and how long its answer took', async () => {
      await bench.start();
      const client = await bench.client().join();
      const ts = bench.clock.wallTime();
      const tc = ts - BEHIND;
      const held = await bench.hold(client, asking({ tc, l: 0, o: 0 }));
      bench.clock.advance(30_000);
      expect(await held.reply).toMatchObject({
        successful: true,
        ext: { timesync: { tc, ts, p: 30_000, a: -BEHIND } },
      });
    });

    it('answers handshakes and subscribes too, also where they fail', async () => {
      await bench.start();
      const client = bench.client();
      const tc = bench.clock.wallTime();
      const answer = { ext: { timesync: { tc, ts: tc, p: 0, a: 0 } } };
      const request = asking({ tc, l: 0, o: 0 });
      expect(await client.handshake(request)).toMatchObject(answer);
      expect(await client.subscribe('/a', request)).toMatchObject(answer);
      expect(await client.subscribe('/meta/x', request)).toMatchObject({ successful: false, ...answer });
    });

    it('goes together with acknowledgement', async () => {
      await bench.start();
      const tc = bench.clock.wallTime();
      expect(
        await bench.client().handshake({ ext: { ack: true, timesync: { tc, l: 0, o: 0 } } }),
      ).toMatchObject({
        ext: { ack: true, timesync: { tc } },
      });
    });

    it.each([
      [24, false],
      [-24, false],
      [25, true],
      [-25, true],
    ])('an estimate that is off by %d ms is answered: %s', async (error, answered) => {
      await bench.start();
      const client = await bench.client().join();
      const tc = bench.clock.wallTime() - BEHIND;
      const reply = await client.subscribe('/a', asking({ tc, l: 10, o: BEHIND - 10 + error }));
      expect(reply.ext !== undefined).toBe(answered);
    });

    it('a request without an estimate gets the times alone', async () => {
      await bench.start();
      const client = await bench.client().join();
      const tc = bench.clock.wallTime();
      expect((await client.subscribe('/a', asking({ tc }))).ext).toEqual({ timesync: { tc, ts: tc, p: 0 } });
    });

    it.each([[{ tc: 'now' }], [{}], [null], [7], [[1]]])('%j asks for nothing', async (timesync) => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.subscribe('/a', { ext: { timesync } })).not.toHaveProperty('ext');
    });

    it('is for meta messages only, and can be turned off', async () => {
      await bench.start();
      const client = await bench.client().join();
      const request = asking({ tc: 1, l: 0, o: 0 });
      expect(await client.publish('/a', 1, request)).not.toHaveProperty('ext');
      await bench.finish();
      await bench.start({ session: { timesync: false } });
      expect(await bench.client().handshake(request)).not.toHaveProperty('ext');
    });
  });
});
