import { overEveryTransport } from '../support/bench.js';

describe('order', () => {
  overEveryTransport((bench) => {
    it('A.3, R-01: subscribe, publish, unsubscribe in one request: the message, then the replies', async () => {
      await bench.start();
      const client = await bench.client().join();
      const { clientId } = client;
      const replies = await client.exchange(
        JSON.stringify([
          { channel: '/meta/subscribe', clientId, subscription: '/c', id: '20' },
          { channel: '/c', clientId, data: 1, id: '21' },
          { channel: '/meta/unsubscribe', clientId, subscription: '/c', id: '22' },
        ]),
      );
      const delivery = { channel: '/c', data: 1 };
      expect(replies).toEqual([
        ...bench.along(delivery),
        { channel: '/meta/subscribe', id: '20', subscription: '/c', successful: true },
        { channel: '/c', id: '21', successful: true },
        { channel: '/meta/unsubscribe', id: '22', subscription: '/c', successful: true },
      ]);
      await client.catchUp();
      expect(client.pushed()).toEqual([delivery]);
    });

    it('R-02: the messages of one sender reach each receiver in their order, in batches and without', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/q/**');
      const { clientId } = alice;
      const expected: number[] = [];
      for (let batch = 0; batch < 10; batch++) {
        const messages = Array.from({ length: 1 + (batch % 4) }, () => {
          expected.push(expected.length);
          return { channel: `/q/${batch % 3}`, clientId, data: expected.length - 1 };
        });
        await alice.send(messages);
      }
      const received = await bob.receive(expected.length);
      expect(received.map(({ data }) => data)).toEqual(expected);
    });

    it('R-02: also on their way to a client that connects and disconnects all the time', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/q');
      for (let number = 0; number < 30; number++) {
        await bench.app.service.broadcast('/q', number);
        if (number % 3 === 0) await client.sync();
        if (number % 5 === 0) await client.connect({ advice: { timeout: 0 } });
      }
      const received = await client.receive(30);
      expect(received.map(({ data }) => data)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    });

    it('R-03: all messages of a request belong to one session', async () => {
      await bench.start();
      const [alice, bob, witness] = [
        await bench.client().join(),
        await bench.client().join(),
        await bench.client().join(),
      ];
      await witness.subscribe('/q');
      const replies = await alice.send([
        { channel: '/q', clientId: alice.clientId, data: 1, id: '15' },
        { channel: '/q', clientId: bob.clientId, data: 2, id: '16' },
        { channel: '/meta/disconnect', clientId: bob.clientId, id: '17' },
        { channel: '/q', clientId: alice.clientId, data: 3, id: '18' },
      ]);
      expect(replies).toMatchObject([
        { id: '15', successful: true },
        { id: '16', successful: false, error: '402::session_unknown' },
        { id: '17', successful: false, error: '402::session_unknown' },
        { id: '18', successful: true },
      ]);
      expect((await witness.receive(2)).map(({ data }) => data)).toEqual([1, 3]);
      expect(bench.app.service.counts.sessions).toBe(3);
    });

    it('T-04: a batch of its sender reaches another session whole', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/q');
      await bench.hold(bob);
      const { clientId } = alice;
      await alice.send(['x1', 'x2', 'x3'].map((data) => ({ channel: '/q', clientId, data })));
      const received = await bob.receive(3);
      expect(received.map(({ data }) => data)).toEqual(['x1', 'x2', 'x3']);
    });
  });
});
