import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { BinaryData, CometGateway } from '../../src/index.js';
import { decodeZ85, encodeZ85 } from '../../src/bayeux/extensions/z85.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport } from '../support/bench.js';

const MARK = { ext: { binary: {} } };
/** The test case of ZeroMQ RFC 32. */
const BYTES = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
const TEXT = 'HelloWorld';

/** Keeps the bytes it is given and gives them back in the reverse order. */
@CometGateway()
class BytesGateway {
  readonly given: unknown[] = [];

  @SubscribeMessage('/service/reverse')
  reverse(@MessageBody() data: unknown): unknown {
    this.given.push(data);
    if (!(data instanceof BinaryData)) return data;
    return new BinaryData(data.bytes.slice().reverse(), data.last, { ...data.meta, reversed: true });
  }
}

async function subscriber(bench: Bench): Promise<BayeuxClient> {
  const client = await bench.client().join();
  await client.subscribe('/a');
  return client;
}

describe('bytes', () => {
  overEveryTransport((bench) => {
    it('reach the subscribers as they came, with their mark', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await subscriber(bench)];
      const data = { data: TEXT, last: false, meta: { name: 'hello.bin', part: 1 } };
      expect(await alice.publish('/a', data, { ...MARK, id: '1' })).toEqual({
        channel: '/a',
        id: '1',
        successful: true,
      });
      expect(await bob.receive()).toEqual([{ channel: '/a', data, ...MARK }]);
    });

    it.each(Array.from({ length: 10 }, (_, length) => length))(
      'reach them whatever their number is: %d',
      async (length) => {
        await bench.start();
        const client = await subscriber(bench);
        const bytes = BYTES.slice(0, length);
        const sent = length <= BYTES.length ? bytes : Uint8Array.of(...BYTES, 0);
        await client.publish('/a', { data: encodeZ85(sent), last: true }, MARK);
        const [message] = await client.receive();
        expect(message).toMatchObject({ data: { last: true }, ...MARK });
        expect(decodeZ85((message?.data as { data: string }).data)).toEqual(sent);
      },
    );

    it('that nobody says are the last ones are', async () => {
      await bench.start();
      const client = await subscriber(bench);
      await client.publish('/a', { data: TEXT }, MARK);
      expect(await client.receive()).toEqual([{ channel: '/a', data: { data: TEXT, last: true }, ...MARK }]);
    });

    it('are what a handler is given, and may answer with', async () => {
      await bench.start({}, [BytesGateway]);
      const client = await bench.client().join();
      const before = client.received.length;
      const data = { data: TEXT, last: false, meta: { name: 'x' } };
      await client.publish('/service/reverse', data, { ...MARK, id: '1' });
      const [given] = bench.app.get(BytesGateway).given;
      expect(given).toEqual(new BinaryData(BYTES, false, { name: 'x' }));
      expect(client.received.slice(before)).toEqual([
        {
          channel: '/service/reverse',
          id: '1',
          data: {
            data: encodeZ85(BYTES.slice().reverse()),
            last: false,
            meta: { name: 'x', reversed: true },
          },
          successful: true,
          ...MARK,
        },
        { channel: '/service/reverse', id: '1', successful: true },
      ]);
    });

    it('are sent by the server to subscribers and to one session', async () => {
      await bench.start();
      const client = await subscriber(bench);
      const message = { channel: '/a', data: { data: TEXT, last: true }, ...MARK };
      await bench.app.service.broadcast('/a', new BinaryData(BYTES));
      expect(await client.receive()).toEqual([message]);
      bench.app.service.findSession(client.clientId)?.send('/a', new BinaryData(Buffer.from(BYTES)));
      expect(await client.receive()).toEqual([message]);
    });

    it('go along with what else is in ext', async () => {
      await bench.start();
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', new BinaryData(BYTES), { ext: { from: 'the server' } });
      expect(await client.receive()).toMatchObject([{ ext: { from: 'the server', binary: {} } }]);
    });

    it('of a publisher bring none of its other ext along', async () => {
      await bench.start();
      const client = await subscriber(bench);
      await client.publish('/a', { data: TEXT }, { ext: { binary: { secret: 1 }, other: 2 } });
      expect(await client.receive()).toMatchObject([{ channel: '/a' }]);
      expect(client.received.find(({ data }) => data !== undefined)?.ext).toEqual({ binary: {} });
    });

    it.each([
      ['a character too many', { data: 'HelloW' }],
      ['a character of another alphabet', { data: 'Hello"orld' }],
      ['more than four bytes can say', { data: '#####' }],
      ['no text', { data: [1, 2] }],
      ['nothing', {}],
      ['no object', TEXT],
      ['null', null],
    ])('are refused if they are %s', async (_, data) => {
      await bench.start({}, [BytesGateway]);
      const client = await subscriber(bench);
      const refused = { successful: false, error: '400::binary_invalid' };
      expect(await client.publish('/a', data, MARK)).toMatchObject(refused);
      expect(await client.publish('/service/reverse', data, MARK)).toMatchObject(refused);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      expect(bench.app.get(BytesGateway).given).toEqual([]);
    });

    it.each([[{}], [{ binary: true }], [{ binary: null }], [null]])(
      'are no bytes but data if ext is %j',
      async (ext) => {
        await bench.start();
        const client = await subscriber(bench);
        await client.publish('/a', { data: 'no Z85 at all' }, { ext });
        expect(await client.receive()).toEqual([{ channel: '/a', data: { data: 'no Z85 at all' } }]);
      },
    );

    it('are data like any other where the server does not do it', async () => {
      await bench.start({ session: { binary: false } }, [BytesGateway]);
      const client = await subscriber(bench);
      const data = { data: 'no Z85 at all' };
      await client.publish('/a', data, MARK);
      expect(await client.receive()).toEqual([{ channel: '/a', data }]);
      expect((await client.call('/service/reverse', data, MARK)).answers).toEqual([data]);
      expect(bench.app.get(BytesGateway).given).toEqual([data]);
    });

    it('of the server are data like any other too where it does not do it', async () => {
      await bench.start({ session: { binary: false } });
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', new BinaryData(BYTES));
      expect(await client.receive()).toEqual([{ channel: '/a', data: { data: TEXT, last: true } }]);
    });

    it('are made of bytes only', () => {
      expect(() => new BinaryData(TEXT as never)).toThrow(TypeError);
      expect(() => new BinaryData(BYTES.buffer as never)).toThrow(TypeError);
    });
  });
});
