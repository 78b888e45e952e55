import { onEveryServer } from '../support/bench.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';

const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);
const LISTED = 'https://portal.example.com';

const FOREIGN = [
  'https://evil.example',
  'null',
  '',
  'https://portal.example.com.evil.example',
  'https://evilportal.example.com',
  'http://portal.example.com',
  'https://portal.example.com:8443',
  'https://PORTAL.example.com.',
  'https://portal.example.com/',
  '*',
  `${LISTED}, https://evil.example`,
];

describe('origins', () => {
  onEveryServer(
    (bench) => {
      const own = (): string => new URL(bench.app.url).origin;

      it.each(FOREIGN)('T18, T19: a request from %j is refused', async (origin) => {
        await bench.start({ origins: [LISTED] });
        const { status, headers, text } = await bench.polling().post(HANDSHAKE, { origin }).answer;
        expect({ status, text }).toEqual({ status: 403, text: '' });
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
        expect(headers.vary).toBe('Origin');
        expect(headers['set-cookie']).toBeUndefined();
        expect(bench.app.service.counts.sessions).toBe(0);
      });

      it.each(FOREIGN)('T18: an upgrade from %j is refused', async (origin) => {
        await bench.start({ origins: [LISTED] });
        await expect(bench.socket().open({ origin })).rejects.toMatchObject({ status: 403 });
        expect(bench.app.service.counts.sockets).toBe(0);
      });

      it('T18: a server that looks like this one at another port is foreign', async () => {
        await bench.start();
        const origin = own().replace(/\d+$/, '1');
        expect((await bench.polling().post(HANDSHAKE, { origin }).answer).status).toBe(403);
        await expect(bench.socket().open({ origin: `${own()}.evil.example` })).rejects.toMatchObject({
          status: 403,
        });
      });

      it('a refusal is logged once, with what to do', async () => {
        const app = await bench.start();
        for (let times = 0; times < 3; times++) {
          await bench.polling().post(HANDSHAKE, { origin: 'https://evil.example' }).answer;
        }
        expect(app.log.text.match(/foreign origin/g)).toHaveLength(1);
        expect(app.log.text).toContain('`origins`');
        expect(app.log.text).not.toContain('evil.example');
      });

      it('[A9] T67 a page that reaches the server by a name of its own is turned away, if the server has names', async () => {
        const audited: unknown[] = [];
        await bench.start({
          hosts: ['127.0.0.1'],
          audit: { record: (event) => void audited.push(event) },
        });
        const rebound = { host: 'evil.example', origin: 'http://evil.example' };
        expect((await bench.polling().post(HANDSHAKE, rebound).answer).status).toBe(421);
        await expect(bench.socket().open(rebound)).rejects.toMatchObject({ status: 421 });
        const denied = { type: 'host_denied', address: '127.0.0.1' };
        expect(audited).toEqual([denied, denied]);
        expect(bench.app.log.text.match(/`hosts` does not name/g)).toHaveLength(1);
        expect(bench.app.log.text).not.toContain('evil.example');
        expect((await bench.polling().post(HANDSHAKE, { origin: own() }).answer).status).toBe(200);
      });

      it('[A9] an application with anonymous sessions and no names says so once', async () => {
        expect((await bench.start()).log.text).toContain("hosts: ['push.example.com']");
      });

      it('the server’s own pages need no list', async () => {
        await bench.start();
        const { status, headers } = await bench.polling().post(HANDSHAKE, { origin: own() }).answer;
        expect(status).toBe(200);
        expect(headers['access-control-allow-origin']).toBeUndefined();
        await bench.socket({ origin: own() }).join();
      });

      it('clients without an origin, which are no browsers, may come in', async () => {
        await bench.start();
        await bench.polling().join();
        await bench.socket().join();
        expect(bench.app.service.counts.sessions).toBe(2);
      });

      it('T19: a page of the list may read the answers', async () => {
        await bench.start({ origins: [LISTED] });
        const { status, headers } = await bench.polling().post(HANDSHAKE, { origin: LISTED }).answer;
        expect(status).toBe(200);
        expect(headers).toMatchObject({
          'access-control-allow-origin': LISTED,
          'access-control-allow-credentials': 'true',
          vary: 'Origin',
        });
        await bench.socket({ origin: LISTED }).join();
      });

      it('L-03, T19: a preflight from the list is told what it may send', async () => {
        await bench.start({ origins: [LISTED] });
        const { status, headers, text } = await ask(bench.app.url, {
          method: 'OPTIONS',
          headers: {
            origin: LISTED,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'authorization,content-type',
          },
          body: '',
        }).answer;
        expect({ status, text }).toEqual({ status: 200, text: '' });
        expect(headers).toMatchObject({
          'access-control-allow-origin': LISTED,
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'authorization, content-type',
          'access-control-max-age': '600',
        });
      });

      it('[W10] a preflight from the list may ask for any further headers, as tracing does', async () => {
        await bench.start({ origins: [LISTED] });
        const allowed = async (asked: string): Promise<string | undefined> => {
          const headers = { origin: LISTED, 'access-control-request-method': 'POST' };
          const { status, headers: answered } = await ask(bench.app.url, {
            method: 'OPTIONS',
            headers: { ...headers, 'access-control-request-headers': asked },
            body: '',
          }).answer;
          expect(status).toBe(200);
          expect(answered.vary).toBe('Origin, Access-Control-Request-Headers');
          return answered['access-control-allow-headers']?.toString();
        };
        const own = 'authorization, content-type';
        expect(await allowed('baggage,content-type, Traceparent,tracestate')).toBe(
          `${own}, baggage, traceparent, tracestate`,
        );
        expect(await allowed('sentry-trace, x y, a:b, ,<b>')).toBe(`${own}, sentry-trace`);
        expect(await allowed('x'.repeat(3_000))).toBe(own);
        const many = Array.from({ length: 200 }, (_, number) => `x${number}`).join(',');
        expect((await allowed(many))?.split(', ')).toHaveLength(64);
      });

      it('L-03, T19: a preflight from elsewhere is refused', async () => {
        await bench.start({ origins: [LISTED] });
        const { status, headers } = await ask(bench.app.url, {
          method: 'OPTIONS',
          headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
          body: '',
        }).answer;
        expect(status).toBe(403);
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      });

      it('behind a trusted proxy the origin is compared with what the browser saw', async () => {
        await bench.start({ trustProxy: ['127.0.0.1'] });
        const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'push.example.com' };
        const client = bench.polling({ ...forwarded, origin: 'https://push.example.com' });
        expect((await client.post(HANDSHAKE).answer).status).toBe(200);
        const foreign = bench.polling({ ...forwarded, origin: own() });
        expect((await foreign.post(HANDSHAKE).answer).status).toBe(403);
        await bench.socket({ ...forwarded, origin: 'https://push.example.com' }).join();
      });

      it('T18: without one the headers of a proxy are not believed', async () => {
        await bench.start();
        const headers = {
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'evil.example',
          origin: 'https://evil.example',
        };
        expect((await bench.polling(headers).post(HANDSHAKE).answer).status).toBe(403);
        await expect(bench.socket(headers).open()).rejects.toMatchObject({ status: 403 });
      });
    },
    undefined,
    [...HTTP_KINDS, 'fastify-h2'],
  );
});
