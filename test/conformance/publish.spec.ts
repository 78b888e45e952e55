import { DEFAULT_TRANSPORTS, over, overEveryTransport } from '../support/bench.js';

describe('publish', () => {
  overEveryTransport((bench) => {
    it('P-01, M-03: is acknowledged without data, and delivered without ids', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/a');
      expect(await alice.publish('/a', { text: 'hello' }, { id: '1' })).toEqual({
        channel: '/a',
        id: '1',
        successful: true,
      });
      expect(await bob.receive()).toEqual([{ channel: '/a', data: { text: 'hello' } }]);
    });

    it('P-02: reaches its own sender, ahead of the acknowledgement', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const before = client.received.length;
      await client.publish('/a', 'mine', { id: '1' });
      const delivery = { channel: '/a', data: 'mine' };
      expect(client.received.slice(before)).toEqual([
        ...bench.along(delivery),
        { channel: '/a', id: '1', successful: true },
      ]);
      await client.catchUp();
      expect(client.pushed()).toEqual([delivery]);
    });

    it('P-03: without a session it is refused and delivered to nobody', async () => {
      await bench.start();
      const [stranger, witness] = [bench.client(), await bench.client().join()];
      await witness.subscribe('/a');
      const replies = await stranger.exchange(JSON.stringify([{ channel: '/a', data: 1, id: '1' }]));
      expect(replies).toEqual([
        expect.objectContaining({ id: '1', successful: false, error: '402::session_unknown' }),
      ]);
      await witness.catchUp();
      expect(witness.pushed()).toEqual([]);
    });

    it('P-05: without data it is refused', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      expect(await client.publish('/a', undefined, { id: '1' })).toEqual({
        channel: '/a',
        id: '1',
        successful: false,
        error: '400::data_missing',
      });
      await client.catchUp();
      expect(client.pushed()).toEqual([]);
    });

    it.each([
      [null],
      [false],
      [0],
      [''],
      [[]],
      [{}],
      [{ nested: [{ deep: [null, 'x'] }] }],
      ['"\\\u2028\u2029 é 𝄞'],
    ])('P-05: carries %j as data', async (data) => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      expect(await client.publish('/a', data)).toMatchObject({ successful: true });
      expect(await client.receive()).toEqual([{ channel: '/a', data }]);
    });

    it.each(['/meta/unknown', '/meta/handshake/x', '/meta'])(
      'P-06: nobody can publish on %s',
      async (channel) => {
        await bench.start();
        const client = await bench.client().join();
        expect(await client.publish(channel, 1)).toMatchObject({
          successful: false,
          error: '403:denied_by_security_policy:publish_denied',
        });
      },
    );

    it('P-07: what goes to a service reaches no other client', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe(['/service/x', '/service/**', '/*']);
      expect(await alice.publish('/service/x', 1)).toMatchObject({ successful: false });
      await bob.catchUp();
      expect(bob.pushed()).toEqual([]);
    });

    it('without a rule that permits it, it is refused and delivered to nobody', async () => {
      await bench.start({ rules: [{ channel: '/a', subscribe: true }] });
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/a');
      expect(await alice.publish('/a', 1)).toMatchObject({
        successful: false,
        error: '403:denied_by_not_granting:publish_denied',
      });
      await bob.catchUp();
      expect(bob.pushed()).toEqual([]);
    });

    it('where a rule denies it, it is refused though another permits it', async () => {
      await bench.start({
        rules: [
          { channel: '/**', publish: true },
          { channel: '/closed/**', effect: 'deny', publish: true },
        ],
      });
      const client = await bench.client().join();
      expect(await client.publish('/closed/a', 1)).toMatchObject({
        successful: false,
        error: '403:denied_by_security_policy:publish_denied',
      });
    });

    it('M-05, S-01: a delivery has its channel and data, whatever else the publisher sent', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/a');
      await alice.publish(
        '/a',
        { x: 1 },
        {
          id: '11',
          advice: { reconnect: 'none', interval: 86_400_000 },
          ext: { auth: { user: 'x' }, timesync: {}, tok: 'secret' },
          successful: false,
          error: '402::session_unknown',
          subscription: '/b',
          timestamp: 'yesterday',
          foo: 'bar',
          __proto__: null,
          'x-messages': 5,
        },
      );
      expect(await bob.receive()).toEqual([{ channel: '/a', data: { x: 1 } }]);
    });

    it('S-01: nor does anything of that come back to the publisher', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const before = client.received.length;
      await client.publish('/a', 1, { id: '1', advice: { reconnect: 'none' }, ext: { a: 1 }, foo: 'bar' });
      const delivery = { channel: '/a', data: 1 };
      expect(client.received.slice(before)).toEqual([
        ...bench.along(delivery),
        { channel: '/a', id: '1', successful: true },
      ]);
      await client.catchUp();
      expect(client.pushed()).toEqual([delivery]);
    });

    it('sendMessage reaches no anonymous session; broadcast reaches subscribers', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a/*');
      expect(await bench.app.service.sendMessage('alice', '/a/b', 1)).toEqual({ sessions: 0 });
      expect(await bench.app.service.broadcast('/a/b', 2)).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a/b', data: 2 }]);
    });
  });

  // Where messages come with connects only, the connect that is held is the way this one takes.
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('L-11: its own message does not wake a held connect', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const held = await bench.hold(client);
      await client.publish('/a', 'mine');
      await client.sync();
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'mine' }]);
      expect(held.answered).toBe(false);
      expect(bench.clock.advance(30_000)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true });
    });
  });

  over(['callback-polling'], (bench) => {
    it('T-03: its own message comes with its held connect where messages come with connects only', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const held = await bench.hold(client);
      expect(await client.publish('/a', 'mine')).toMatchObject({ successful: true });
      expect(await held.reply).toMatchObject({ successful: true });
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'mine' }]);
    });
  });
});
