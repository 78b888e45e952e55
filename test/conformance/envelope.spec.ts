import { overEveryTransport } from '../support/bench.js';
import { isReply } from '../support/message.js';

const json = JSON.stringify;

describe('envelope', () => {
  overEveryTransport((bench) => {
    it('M-01: takes one bare object, and answers with an array', async () => {
      await bench.start();
      const replies = await bench.client().exchange(json({ channel: '/meta/handshake', version: '1.0' }));
      expect(replies).toHaveLength(1);
      expect(replies[0]).toMatchObject({ channel: '/meta/handshake', successful: true });
    });

    it('M-02: echoes the id, a number as a text, and none where none was sent', async () => {
      await bench.start();
      const client = await bench.client().join();
      const messages = ['a-b', 7, 1.5, undefined].map((id) => ({
        channel: '/a',
        clientId: client.clientId,
        data: 1,
        id,
      }));
      const replies = await client.exchange(json(messages));
      expect(replies).toEqual([
        { channel: '/a', id: 'a-b', successful: true },
        { channel: '/a', id: '7', successful: true },
        { channel: '/a', id: '1.5', successful: true },
        { channel: '/a', successful: true },
      ]);
    });

    it('C-05: takes any text of as many characters as permitted as an id', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const id of ['0e37df36-f698-11e6-8dd4-cb9ced3df976', 'a b', 'x'.repeat(128)]) {
        expect(await client.publish('/a', 1, { id })).toEqual({ channel: '/a', id, successful: true });
      }
    });

    it('C-05: refuses anything else as an id', async () => {
      await bench.start();
      const client = await bench.client().join();
      const { clientId } = client;
      for (const id of [{}, true, '', 'a\u0007', 'x'.repeat(129)]) {
        const replies = await client.exchange(json([{ channel: '/a', clientId, data: 1, id }]));
        expect({ id, replies }).toEqual({
          id,
          replies: [{ channel: '/a', successful: false, error: '405::message_id_invalid' }],
        });
      }
    });

    it('tells a message without a channel', async () => {
      await bench.start();
      const replies = await bench.client().exchange(json([{ id: '1', data: 1 }]));
      expect(replies).toEqual([{ id: '1', successful: false, error: '400::channel_missing' }]);
    });

    it('S-05: tells that a channel is none', async () => {
      await bench.start();
      for (const channel of [5, null, {}, [], true]) {
        for (const text of [json([{ id: '1', channel }]), json({ id: '1', channel })]) {
          expect({ text, replies: await bench.client().exchange(text) }).toEqual({
            text,
            replies: [{ id: '1', successful: false, error: '405::channel_invalid' }],
          });
        }
      }
    });

    it('looks at the message before it looks for the session', async () => {
      await bench.start();
      const replies = await bench
        .client()
        .exchange(json([{ channel: '/a?b', clientId: 'nobody', id: '1', data: 1 }]));
      expect(replies).toEqual([
        { channel: '/a?b', id: '1', successful: false, error: '405::channel_invalid' },
      ]);
    });

    it('S-05: knows no session whose id is no text', async () => {
      await bench.start();
      for (const clientId of [5, null, {}, ['x'], true]) {
        const replies = await bench.client().exchange(json([{ channel: '/a', clientId, id: '1', data: 1 }]));
        expect({ clientId, replies }).toEqual({
          clientId,
          replies: [expect.objectContaining({ id: '1', successful: false, error: '402::session_unknown' })],
        });
      }
    });

    it('answers elements that are no objects, and handles their neighbours', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const good = (id: string) => ({ channel: '/a', clientId: client.clientId, data: id, id });
      const replies = await client.exchange(json([good('1'), 1, null, 'x', [[]], good('2')]));
      const bad = { successful: false, error: '400::message_invalid' };
      const deliveries = ['1', '2'].map((data) => ({ channel: '/a', data }));
      expect(replies).toEqual([
        ...bench.along(...deliveries),
        { channel: '/a', id: '1', successful: true },
        bad,
        bad,
        bad,
        bad,
        { channel: '/a', id: '2', successful: true },
      ]);
      await client.catchUp();
      expect(client.pushed()).toEqual(deliveries);
    });

    it('answers an array of nothing but such an element', async () => {
      await bench.start();
      const replies = await bench.client().exchange('[1]');
      expect(replies).toEqual([{ successful: false, error: '400::message_invalid' }]);
    });

    it('M-04, T22: gives every session an id that nobody can guess', async () => {
      await bench.start();
      const ids = await Promise.all(
        Array.from({ length: 20 }, async () => (await bench.client().handshake()).clientId),
      );
      expect(new Set(ids).size).toBe(20);
      // 32 characters of 6 bits.
      for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/);
    });

    it('M-04: tells nobody the id of another session', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await bob.subscribe('/a');
      await alice.publish('/a', 'hello', { id: 'secret-id' });
      await bob.receive();
      expect(json(bob.received)).not.toContain(alice.clientId);
      expect(json(bob.received)).not.toContain('secret-id');
    });

    it('M-06, T47: carries members called __proto__ as any other', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const data = '{"__proto__":{"polluted":true},"constructor":1}';
      const text = `[{"channel":"/a","clientId":"${client.clientId}","id":"1","data":${data},"__proto__":{"error":"x"}}]`;
      const replies = (await client.exchange(text)).filter(isReply);
      expect(replies).toEqual([{ channel: '/a', id: '1', successful: true }]);
      expect(json(await client.receive())).toBe(`[{"channel":"/a","data":${data}}]`);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });
});
