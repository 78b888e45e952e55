import { ALL_TRANSPORTS, onServer } from '../support/bench.js';
import { parseScript, queryOf } from '../support/callback.client.js';
import { statusOf } from '../support/polling.client.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);

describe('the query of callback-polling', () => {
  onServer((bench) => {
    it('J-01: concatenates the messages of a repeated parameter', async () => {
      await bench.start(ALL_TRANSPORTS);
      const client = await bench.scripts().join();
      const { clientId } = client;
      const texts = [
        JSON.stringify([{ channel: '/a', clientId, data: 1, id: '1' }]),
        JSON.stringify({ channel: '/a', clientId, data: 2, id: '2' }),
        JSON.stringify([
          { channel: '/a', clientId, data: 3, id: '3' },
          { channel: '/a', clientId, data: 4, id: '4' },
        ]),
      ];
      const { text } = await client.get(queryOf(texts)).answer;
      expect(parseScript(text).map(({ id, successful }) => [id, successful])).toEqual(
        ['1', '2', '3', '4'].map((id) => [id, true]),
      );
    });

    it.each(['a', 'a.b-1_', 'jQuery.cb._0', 'x'.repeat(64)])('J-02: calls %s', async (callback) => {
      await bench.start(ALL_TRANSPORTS);
      const { status, text } = await bench.scripts().get(queryOf([HANDSHAKE], callback)).answer;
      expect(status).toBe(200);
      expect(text.startsWith(`/**/${callback}([{`) && text.endsWith('}]);')).toBe(true);
      expect(parseScript(text, callback)).toMatchObject([{ channel: '/meta/handshake', successful: true }]);
    });

    it.each(['$x', 'x'.repeat(65), 'alert(1)', '', 'a b', 'a\n', 'a;b', 'a[0]', 'ä', 'a//', '<a>'])(
      'J-02: does not call %j',
      async (callback) => {
        await bench.start(ALL_TRANSPORTS);
        const { status, text } = await bench.scripts().get(queryOf([HANDSHAKE], callback)).answer;
        expect({ status, text }).toEqual({ status: 400, text: '' });
        expect(bench.app.service.counts.sessions).toBe(0);
      },
    );

    it('J-02: calls nobody where it is told nobody, or two', async () => {
      await bench.start(ALL_TRANSPORTS);
      const client = bench.scripts();
      const message = `message=${encodeURIComponent(HANDSHAKE)}`;
      for (const query of [message, `${message}&callback=a`, `${message}&jsonp=a&jsonp=b`]) {
        expect(await statusOf(client.get(query))).toBe(400);
      }
    });

    it.each([
      ['no message', []],
      ['an empty message', ['']],
      ['half an array', ['[']],
      ['no JSON', ['[{']],
      ['no array', ['7']],
      ['an empty array', ['[]']],
      ['an empty array after a good one', [HANDSHAKE, '[]']],
      ['two halves', ['[{"channel":"/meta/handshake"', '}]']],
      ['what is nested too deeply', [`${'['.repeat(101)}${']'.repeat(101)}`]],
    ])('refuses %s', async (_, texts) => {
      await bench.start(ALL_TRANSPORTS);
      const { status, text } = await bench.scripts().get(queryOf(texts)).answer;
      expect({ status, text }).toEqual({ status: 400, text: '' });
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it.each(['%', '%zz', '%ff', '%c3%28', '%ed%a0%80'])(
      'refuses text that is no UTF-8: %s',
      async (wrong) => {
        await bench.start(ALL_TRANSPORTS);
        const query = `jsonp=cb&message=${encodeURIComponent(HANDSHAKE)}&message=["${wrong}"]`;
        expect(await statusOf(bench.scripts().get(query))).toBe(400);
      },
    );

    it('refuses bytes that have no place in a URL', async () => {
      await bench.start(ALL_TRANSPORTS);
      const pipe = await RawSocket.open(bench.app.url);
      pipe.write(
        `GET /cometd?jsonp=cb&message=[{"channel":"/meta/handshake","id":"ä"}] HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      await until('a response', () => pipe.text.includes('\r\n\r\n'));
      expect(pipe.text).toMatch(/^HTTP\/1\.1 400 /);
      pipe.destroy();
    });

    it('refuses a URL that is longer than a request line may be, and nobody else notices', async () => {
      await bench.start(ALL_TRANSPORTS);
      const witness = await bench.scripts().join();
      const held = await bench.hold(witness);
      const pipe = await RawSocket.open(bench.app.url);
      pipe.write(`GET /cometd?jsonp=cb&message=${'x'.repeat(1_048_576)} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await until('a response', () => pipe.text.includes('\r\n\r\n'));
      expect(pipe.text).toMatch(/^HTTP\/1\.1 431 /);
      pipe.destroy();
      expect(held.answered).toBe(false);
    });

    it('takes a plus sign for a space, and leaves other parameters alone', async () => {
      await bench.start(ALL_TRANSPORTS);
      const client = await bench.scripts().join();
      const query = `jsonp=cb&_=17&%=%&message=[{"channel":"/a","clientId":"${client.clientId}",+"data":"1%2B1","id":"x+y"}]`;
      const { text } = await client.get(query.replaceAll('"', '%22')).answer;
      expect(parseScript(text, 'cb')).toEqual([{ channel: '/a', id: 'x y', successful: true }]);
    });

    it('holds the limits for all messages together', async () => {
      await bench.start({ ...ALL_TRANSPORTS, limits: { batch: 3, messageBytes: 1_024 } });
      const client = bench.scripts();
      const one = '[{"channel":"/meta/handshake"}]';
      const two = '[{"channel":"/a"},{"channel":"/a"}]';
      expect(await statusOf(client.get(queryOf([one, two])))).toBe(200);
      for (const texts of [[two, two], [`[${'{"channel":"/a"},'.repeat(3)}{"channel":"/a"}]`]]) {
        const { status, text } = await client.get(queryOf(texts)).answer;
        expect(status).toBe(200);
        const errors = parseScript(text).map(({ error }) => error);
        expect(errors).toHaveLength(4);
        expect(errors.filter((error) => error === '400::batch_too_large')).toHaveLength(1);
        expect(errors.at(-1)).toBe('400::batch_too_large');
      }
      const short = `${queryOf([one])}&pad=`;
      expect(await statusOf(client.get(short.padEnd(1_024, 'x')))).toBe(200);
      expect(await statusOf(client.get(short.padEnd(1_025, 'x')))).toBe(413);
    });
  });
});

describe('the query of callback-polling, as the options say', () => {
  onServer((bench) => {
    it('has the callback in another parameter, of another length', async () => {
      await bench.start({
        ...ALL_TRANSPORTS,
        callbackPolling: { parameter: 'callback', maxCallbackLength: 5 },
      });
      const scripts = bench.scripts();
      const ask = (query: string) =>
        statusOf(scripts.get(`${query}&message=${encodeURIComponent(HANDSHAKE)}`));
      expect(await ask('callback=cb.12')).toBe(200);
      expect(await ask('callback=cb.123')).toBe(400);
      expect(await ask('jsonp=cb')).toBe(400);
    });
  });
});
