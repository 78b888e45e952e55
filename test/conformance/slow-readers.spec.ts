import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, onServer } from '../support/bench.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };
/** More than the buffers of a connection take, so that a client that does not read leaves some of it on the way. */
const COUNT = 16;
const TEXT = 'x'.repeat(1_000_000);
const EVERYTHING = Array.from({ length: COUNT + 2 }, (_, index) => index);

const broadcast = (bench: Bench, number: number): Promise<unknown> =>
  bench.app.service.broadcast('/a', { number, text: TEXT });

/** The numbers a client has got, each where it came last: the server cannot know what of a lost batch was read. */
function numbersOf({ received }: BayeuxClient): number[] {
  const numbers = received.flatMap(({ data }) =>
    data === undefined ? [] : [(data as { number: number }).number],
  );
  return [...new Set(numbers.reverse())].reverse();
}

describe('what a client had not taken when its connection was lost', () => {
  onServer((bench) => {
    it('L-13: comes with the next poll, ahead of what was published since', async () => {
      await bench.start({ queue: { maxBytes: 100_000_000 } });
      const client = await bench.polling().join();
      await client.subscribe('/a');
      for (let number = 0; number < COUNT; number++) await broadcast(bench, number);
      const stuck = await RawSocket.open(bench.app.url);
      const due = bench.clock.earliest ?? 0;
      bench.clock.advance(1_000);
      stuck.post(
        bench.app.url,
        JSON.stringify([{ channel: '/meta/connect', clientId: client.clientId, ...AT_ONCE }]),
      );
      await until('the connect to be answered', () => (bench.clock.earliest ?? 0) > due);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      await broadcast(bench, COUNT);
      await broadcast(bench, COUNT + 1);
      const before = bench.clock.turns;
      stuck.destroy();
      await until('the server to notice', () => bench.clock.turns > before);
      await client.receive(EVERYTHING.length);
      expect(numbersOf(client)).toEqual(EVERYTHING);
    });

    it('W-11: comes over the next socket, ahead of what was published since', async () => {
      await bench.start({ queue: { maxBytes: 100_000_000 } });
      const client = await stuckWithEverything();
      await client.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      await client.open();
      await client.connect(AT_ONCE);
      await until('the last message', () => numbersOf(client).includes(COUNT + 1));
      expect(numbersOf(client)).toEqual(EVERYTHING);
    });

    it('W-08: comes over the socket that takes over, ahead of what was published since', async () => {
      await bench.start({ queue: { maxBytes: 100_000_000 } });
      const { clientId } = await stuckWithEverything();
      const next = bench.socket();
      next.clientId = clientId;
      await next.connect(AT_ONCE);
      await until('the last message', () => numbersOf(next).includes(COUNT + 1));
      expect(numbersOf(next)).toEqual(EVERYTHING);
    });

    it('W-08: comes with requests, if the session goes on over those', async () => {
      await bench.start({ queue: { maxBytes: 100_000_000 } });
      const { clientId } = await stuckWithEverything();
      const next = bench.polling();
      next.clientId = clientId;
      await next.connect(AT_ONCE);
      await next.receive(EVERYTHING.length);
      expect(numbersOf(next)).toEqual(EVERYTHING);
    });

    /** A client that has stopped reading, and is owed everything. */
    async function stuckWithEverything() {
      const client = await bench.socket().join();
      const other = await bench.polling().join();
      await client.subscribe('/a');
      await client.sync();
      client.pause();
      for (let number = 0; number < COUNT; number++) await broadcast(bench, number);
      // Whoever is answered now is answered after the frame was written.
      await other.sync();
      await broadcast(bench, COUNT);
      await broadcast(bench, COUNT + 1);
      await other.sync();
      return client;
    }
  });
});
