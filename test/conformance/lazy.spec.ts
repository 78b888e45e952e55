import { overEveryTransport } from '../support/bench.js';
import { arrived, dataOf, listen, sessionOf, subscriber } from './support/away.js';

const WAIT = 5_000;
const LAZY = { lazy: true };

describe('a lazy message', () => {
  overEveryTransport((bench) => {
    it.each([
      ['its channel is', '/lazy/a', '/lazy/a'],
      ['a pattern around it is', '/lazy/**', '/lazy/a'],
      ['a template of it is', '/lazy/{name}', '/lazy/a'],
    ])('is one where %s: alone it waits, to the millisecond', async (_, settled, channel) => {
      await bench.start();
      bench.app.service.channel(settled).configure(LAZY);
      const client = await subscriber(bench, channel);
      await listen(bench, client);
      expect(await bench.app.service.broadcast(channel, 1)).toEqual({ sessions: 1 });
      expect(bench.clock.advance(WAIT - 1)).toBe(0);
      expect(await arrived(bench, client)).toEqual([]);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await client.receive()).toEqual([{ channel, data: 1 }]);
    });

    it('is one that is sent as such, to subscribers or to one session', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      for (const send of [
        () => bench.app.service.broadcast('/a', 1, LAZY),
        () => sessionOf(bench, client).send('/a', 1, LAZY),
      ]) {
        await listen(bench, client);
        await send();
        expect(bench.clock.advance(WAIT - 1)).toBe(0);
        expect(bench.clock.advance(1)).toBe(1);
        expect(await client.receive()).toEqual([{ channel: '/a', data: 1 }]);
      }
    });

    it('is one of another client too', async () => {
      await bench.start();
      bench.app.service.channel('/a').configure(LAZY);
      const [alice, bob] = [await bench.otherClient().join(), await subscriber(bench, '/a')];
      await listen(bench, bob);
      await alice.publish('/a', 1);
      expect(await arrived(bench, bob)).toEqual([]);
      bench.clock.advance(WAIT);
      expect(await bob.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('goes along with one that is not, at once and in order', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await listen(bench, client);
      const sent = [LAZY, {}, LAZY];
      await Promise.all(sent.map((options, index) => bench.app.service.broadcast('/a', index, options)));
      expect(dataOf(await client.receive(3))).toEqual([0, 1, 2]);
      expect(bench.clock.advance(WAIT)).toBe(0);
    });

    it('has its own time to wait after others have left', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await listen(bench, client);
      await bench.app.service.broadcast('/a', 1, LAZY);
      bench.clock.advance(1_000);
      await bench.app.service.broadcast('/a', 2);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      await listen(bench, client);
      bench.clock.advance(2_000);
      await bench.app.service.broadcast('/a', 3, LAZY);
      expect(bench.clock.advance(WAIT - 1)).toBe(0);
      expect(await arrived(bench, client)).toEqual([1, 2]);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive())).toEqual([3]);
    });

    it('has it again after its time, and does not put off the ones before it', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await listen(bench, client);
      await bench.app.service.broadcast('/a', 1, LAZY);
      bench.clock.advance(WAIT - 1);
      await bench.app.service.broadcast('/a', 2, LAZY);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      await listen(bench, client);
      await bench.app.service.broadcast('/a', 3, LAZY);
      expect(bench.clock.advance(WAIT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive())).toEqual([3]);
    });

    it('waits no longer than one that came later may', async () => {
      await bench.start();
      bench.app.service.channel('/quick').configure({ lazy: true, lazyTimeout: 1_000 });
      const client = await subscriber(bench, '/a', '/quick');
      await listen(bench, client);
      await bench.app.service.broadcast('/a', 1, LAZY);
      await bench.app.service.broadcast('/quick', 2);
      expect(bench.clock.advance(999)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      expect(bench.clock.advance(WAIT)).toBe(0);
    });

    it.each<[string, number | undefined, number | undefined, number]>([
      ['of the options', undefined, undefined, 2_000],
      ['of a pattern around its channel', 300, undefined, 300],
      ['of its channel', 300, 700, 700],
    ])('waits for the lazyTimeout %s', async (_, ofPattern, ofChannel, wait) => {
      await bench.start({ channels: { lazyTimeout: 2_000 } });
      const { service } = bench.app;
      service.channel('/a/**').configure({ lazy: true, ...(ofPattern && { lazyTimeout: ofPattern }) });
      service.channel('/a/b').configure({ ...(ofChannel && { lazyTimeout: ofChannel }) });
      const client = await subscriber(bench, '/a/b');
      await listen(bench, client);
      await service.broadcast('/a/b', 1);
      expect(bench.clock.advance(wait - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive())).toEqual([1]);
    });

    it.each([
      ['the options say 0', 0, {}],
      ['its channel says 0', WAIT, { lazyTimeout: 0 }],
    ])('does not wait where %s', async (_, lazyTimeout, settings) => {
      await bench.start({ channels: { lazyTimeout } });
      bench.app.service.channel('/a').configure({ lazy: true, ...settings });
      const client = await subscriber(bench, '/a');
      await listen(bench, client);
      await bench.app.service.broadcast('/a', 1);
      expect(dataOf(await client.receive())).toEqual([1]);
    });
  });
});
