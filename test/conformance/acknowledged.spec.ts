import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { isDelivery, type Message } from '../support/message.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };
const ACK = { ext: { ack: true } };

const seen = (ack: number) => ({ ext: { ack } });

async function join(bench: Bench): Promise<BayeuxClient> {
  const client = await bench.client().join(ACK);
  await client.subscribe('/a');
  return client;
}

/** The data of everything that was delivered, repetitions included. */
function delivered(client: BayeuxClient): unknown[] {
  return client.received.filter(isDelivery).map(({ data }) => data);
}

/** Over HTTP every request has a connection of its own, or one that is as good as new. */
async function reopen(client: BayeuxClient): Promise<void> {
  if (client instanceof SocketClient) await client.open();
}

function ackOf(reply: Message): unknown {
  return (reply.ext as { ack?: unknown } | undefined)?.ack;
}

describe('acknowledged delivery', () => {
  overEveryTransport((bench) => {
    it('A-01: is agreed on at the handshake', async () => {
      await bench.start();
      expect(await bench.client().handshake(ACK)).toMatchObject({ successful: true, ext: { ack: true } });
    });

    it.each([[undefined], [{}], [{ ack: 'true' }], [{ ack: 1 }], [{ ack: false }], ['ack'], [null]])(
      'A-01: is not agreed on for ext %j',
      async (ext) => {
        await bench.start();
        expect(await bench.client().handshake({ ext })).not.toHaveProperty('ext');
      },
    );

    it('A-01: is not agreed on where the server does not do it', async () => {
      await bench.start({ session: { acknowledge: false } });
      expect(await bench.client().handshake(ACK)).not.toHaveProperty('ext');
    });

    it('A-03: every connect reply has the next number, also when it brings nothing', async () => {
      await bench.start();
      const client = bench.client();
      await client.handshake(ACK);
      const numbers: unknown[] = [];
      for (let ack = 0; ack < 4; ack++)
        numbers.push(ackOf(await client.connect({ ...AT_ONCE, ...seen(ack) })));
      expect(numbers).toEqual([1, 2, 3, 4]);
    });

    it('A-02, A-07: messages come with connect replies and with no others', async () => {
      await bench.start();
      const client = await join(bench);
      await bench.app.service.broadcast('/a', 1);
      expect(await client.publish('/a', 2)).not.toHaveProperty('ext');
      await client.sync();
      expect(delivered(client)).toEqual([]);
      expect(ackOf(await client.connect({ ...AT_ONCE, ...seen(1) }))).toBe(2);
      expect(delivered(client)).toEqual([1, 2]);
    });

    it('A-02: a message resumes the held connect, and comes ahead of its reply', async () => {
      await bench.start();
      const client = await join(bench);
      const held = await bench.hold(client, seen(1));
      await bench.app.service.broadcast('/a', 1);
      expect(ackOf(await held.reply)).toBe(2);
      const arrived = client.received.slice(-2);
      expect(arrived).toMatchObject([{ data: 1 }, { channel: '/meta/connect' }]);
    });

    it('A-04: what was acknowledged is not sent again, and does not count any more', async () => {
      await bench.start({ queue: { maxMessages: 6 } });
      const client = await join(bench);
      for (let round = 0; round < 5; round++) {
        for (let index = 0; index < 3; index++) await bench.app.service.broadcast('/a', round * 3 + index);
        await client.connect({ ...AT_ONCE, ...seen(round + 1) });
      }
      expect(delivered(client)).toEqual(Array.from({ length: 15 }, (_, index) => index));
    });

    it.each([
      ['an older number', seen(1)],
      ['no number', {}],
      ['no number but a text', { ext: { ack: '2' } }],
    ])(
      'A-05: a connect with %s gets everything again, oldest first, and then what is new',
      async (_, members) => {
        await bench.start();
        const client = await join(bench);
        await bench.app.service.broadcast('/a', 1);
        await bench.app.service.broadcast('/a', 2);
        await client.connect({ ...AT_ONCE, ...seen(1) });
        await bench.app.service.broadcast('/a', 3);
        await client.connect({ ...AT_ONCE, ...members });
        expect(delivered(client)).toEqual([1, 2, 1, 2, 3]);
      },
    );

    it('A-06: a connect that is owed messages is not held', async () => {
      await bench.start();
      const client = await join(bench);
      await bench.app.service.broadcast('/a', 1);
      await client.connect({ ...AT_ONCE, ...seen(1) });
      await client.connect(seen(1));
      expect(delivered(client)).toEqual([1, 1]);
    });

    it('A-08: what waited since before the first connect counts too', async () => {
      await bench.start();
      const client = bench.client();
      await client.handshake(ACK);
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 1);
      await client.connect(seen(0));
      await client.connect({ ...AT_ONCE, ...seen(0) });
      expect(delivered(client)).toEqual([1, 1]);
    });

    it('A-11: what a connection took along when it died comes with the next one, in order', async () => {
      await bench.start();
      const client = await join(bench);
      await bench.app.service.broadcast('/a', 1);
      await client.connect({ ...AT_ONCE, ...seen(1) });
      await client.close();
      await bench.app.service.broadcast('/a', 2);
      await reopen(client);
      await client.connect({ ...AT_ONCE, ...seen(1) });
      expect(delivered(client)).toEqual([1, 1, 2]);
    });

    it('A-11: nothing is lost or out of order over 1000 connections that die at random', async () => {
      await bench.start({ queue: { maxMessages: 10_000 } });
      const client = await join(bench);
      const random = randomFrom(0xace);
      let [ack, replies, sent, taken] = [1, 1, 0, 0];
      const got: number[] = [];
      const take = (): void => {
        for (const data of delivered(client).slice(taken)) {
          taken++;
          // What the client has had already it leaves alone; anything else must be the next one.
          if ((data as number) < got.length) continue;
          got.push(data as number);
        }
      };
      for (let died = 0; died < 1_000;) {
        for (let count = random(4); count > 0; count--) await bench.app.service.broadcast('/a', sent++);
        const reply = client.connect({ ...AT_ONCE, ...seen(ack) });
        if (random(3) > 0) {
          // The connect may be on its way, or its reply, or neither; the client forgets that it ever asked.
          reply.catch(() => undefined);
          for (let turns = random(4); turns > 0; turns--) await nextTurn();
          await client.close();
          await reopen(client);
          died++;
        } else {
          ack = ackOf(await reply) as number;
          replies++;
        }
        take();
      }
      const last = await client.connect({ ...AT_ONCE, ...seen(ack) });
      await until('the last message', () => {
        take();
        return got.length === sent;
      });
      expect(got).toEqual(Array.from({ length: sent }, (_, index) => index));
      // Many died with a reply that was made for them, or all this would prove nothing.
      expect(ackOf(last)).toBeGreaterThan(replies + 100);
    });
  });
});

/** Whole numbers below a bound, the same in every run. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
