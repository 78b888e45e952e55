import { onServer } from '../support/bench.js';
import type { Message } from '../support/message.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { dataOf } from './support/away.js';

const TWICE_AS_LONG = 'é'.repeat(100);
const LARGE = 'x'.repeat(3_000);

/** Bytes of a frame, the text of which is as compact as it can be. */
function bytesOf(frame: readonly Message[]): number {
  return Buffer.byteLength(JSON.stringify(frame));
}

describe('frames', () => {
  onServer((bench) => {
    const broadcast = (...data: unknown[]) =>
      Promise.all(data.map((value) => bench.app.service.broadcast('/a', value)));

    async function subscriber() {
      const client = await bench.socket().join();
      await client.subscribe('/a');
      client.frames.length = 0;
      return client;
    }

    it('have at most websocket.messagesPerFrame messages, and are in order', async () => {
      await bench.start({ websocket: { messagesPerFrame: 2 } });
      const client = await subscriber();
      await broadcast(1, 2, 3, 4, 5);
      await client.receive(5);
      expect(client.frames.map(dataOf)).toEqual([[1, 2], [3, 4], [5]]);
    });

    it('have at most so many messages where they are replies too, which come last', async () => {
      await bench.start({ websocket: { messagesPerFrame: 2 } });
      const client = await subscriber();
      const message = { channel: '/a', clientId: client.clientId };
      await client.send([
        { ...message, data: 1, id: '1' },
        { ...message, data: 2, id: '2' },
        { ...message, data: 3, id: '3' },
      ]);
      expect(client.frames.map((frame) => frame.map(({ id, data }) => id ?? data))).toEqual([
        [1, 2],
        [3, '1'],
        ['2', '3'],
      ]);
    });

    it.each([
      ['room for two to the last byte', 0, [['xx', 'xx'], ['xx']]],
      ['a byte too little for two', -1, [['xx'], ['xx'], ['xx']]],
    ])('have at most websocket.frameBytes bytes: %s', async (_, more, expected) => {
      const message = { channel: '/a', data: 'xx' };
      await bench.start({ websocket: { frameBytes: bytesOf([message, message]) + more } });
      const client = await subscriber();
      await broadcast('xx', 'xx', 'xx');
      await client.receive(3);
      expect(client.frames.map(dataOf)).toEqual(expected);
    });

    it.each([
      ['messages', '/a'],
      ['replies', '/service/echo'],
    ])('have at most so many bytes, of whatever letters their %s are', async (_, channel) => {
      await bench.start({ websocket: { frameBytes: 1_000 } }, [ServiceGateway]);
      const client = await subscriber();
      const message = { channel, clientId: client.clientId, data: TWICE_AS_LONG };
      await client.send(Array.from({ length: 20 }, () => message));
      expect(client.frames.length).toBeGreaterThan(4);
      expect(Math.max(...client.frames.map(bytesOf))).toBeLessThanOrEqual(1_000);
    });

    it('have a message that is larger all for itself', async () => {
      await bench.start({ websocket: { frameBytes: 1_000 } });
      const client = await subscriber();
      await broadcast(1, 2, LARGE, 3, 4);
      await client.receive(5);
      expect(client.frames.map(dataOf)).toEqual([[1, 2], [LARGE], [3, 4]]);
    });

    it('that were split are all given back when the socket is lost', async () => {
      await bench.start({ websocket: { messagesPerFrame: 2 }, queue: { maxBytes: 100_000_000 } });
      const client = await subscriber();
      client.pause();
      const large = 'x'.repeat(20_000_000);
      await broadcast(large, 1, 2, 3, 4);
      await new Promise((resolve) => setImmediate(resolve));
      await client.close();
      const next = bench.socket();
      next.clientId = client.clientId;
      await next.connect({ advice: { timeout: 0 } });
      expect(dataOf(await next.receive(5))).toEqual([large, 1, 2, 3, 4]);
    });
  });
});

describe('compression', () => {
  onServer((bench) => {
    const COMPRESSED = { websocket: { compression: true } };

    it('is agreed on with clients that can, and keeps nothing of earlier frames', async () => {
      await bench.start(COMPRESSED);
      const client = bench.socket();
      await client.open();
      const extensions = client.upgradeHeaders['sec-websocket-extensions'];
      expect(extensions).toContain('permessage-deflate');
      expect(extensions).toContain('server_no_context_takeover');
      await client.join();
      await client.subscribe('/a');
      expect(await client.publish('/a', LARGE)).toMatchObject({ successful: true });
      expect(dataOf(await client.receive())).toEqual([LARGE]);
    });

    it('keeps the order of messages large and small', async () => {
      await bench.start(COMPRESSED);
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const sent = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? index : `${index}${LARGE}`));
      for (const data of sent) await bench.app.service.broadcast('/a', data);
      expect(dataOf(await client.receive(20))).toEqual(sent);
    });

    it('lets nobody send more than limits.messageBytes in a small frame', async () => {
      await bench.start(COMPRESSED);
      const client = await bench.socket().join();
      await client.sendRaw(`[${' '.repeat(1_000_000)}]`);
      expect(await client.end()).toMatchObject({ code: 1009 });
      expect(bench.app.service.counts.sessions).toBe(1);
    });
  });
});

describe('the option websocket.protocol', () => {
  onServer((bench) => {
    it('is the sub-protocol that is agreed on, and no other is', async () => {
      await bench.start({ websocket: { protocol: 'push.v2' } });
      const client = bench.socket();
      await client.open({}, '', ['bayeux', 'push.v2']);
      expect(client.upgradeHeaders['sec-websocket-protocol']).toBe('push.v2');
      await expect(bench.socket().open({}, '', ['bayeux'])).rejects.toThrow(/no subprotocol/);
    });

    it('need not be offered', async () => {
      await bench.start({ websocket: { protocol: 'push.v2' } });
      const client = await bench.socket().join();
      expect(client.upgradeHeaders['sec-websocket-protocol']).toBeUndefined();
    });
  });
});
