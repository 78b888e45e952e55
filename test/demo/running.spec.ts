import { once } from 'node:events';
import { WebSocket } from 'ws';
import { DEMO_PASSWORDS } from '../e2e/support/demo-passwords.js';
import { DemoProcess, ENDS_WITHIN } from '../e2e/support/demo-process.js';
import { ask } from '../support/http.js';
import { HttpBrowser } from './support/http-browser.js';
import { PushSession } from './support/push-session.js';
import { token } from './support/run.js';
import { signedIn } from './support/signed-in.js';

const isCallback = (url: URL): boolean => url.pathname === '/auth/callback';

describe('a request on another host', () => {
  let demo: DemoProcess;
  beforeAll(async () => {
    demo = await DemoProcess.start();
  });
  afterAll(async () => {
    await demo.stop();
  });

  it.each(['/', '/auth/login?returnTo=%2F%3Fa%3D1', '/no-such-page'])(
    'for the page %s is sent to the one origin',
    async (path) => {
      const elsewhere = `http://localhost:${demo.port}${path}`;
      const response = await fetch(elsewhere, { redirect: 'manual' });
      expect(response.status).toBe(302);
      expect(response.headers.get('location')).toBe(demo.url + path);
      expect(response.headers.getSetCookie()).toEqual([]);
    },
  );

  it.each(['evil.example', '127.0.0.1', '127.0.0.1:1', 'a b'])(
    'is sent to the one origin, whatever the Host %j',
    async (host) => {
      const { status, headers } = await ask(demo.url, { method: 'GET', headers: { host }, body: '' }).answer;
      expect({ status, location: headers.location }).toEqual({ status: 302, location: `${demo.url}/` });
    },
  );

  it('does not lead elsewhere by a path that looks like a host', async () => {
    const headers = { host: 'localhost' };
    const answer = await ask(`${demo.url}//evil.example`, { method: 'GET', headers, body: '' }).answer;
    expect(answer.headers.location).toBe(`${demo.url}//evil.example`);
  });

  it('is refused if it changes anything', async () => {
    const response = await fetch(`http://localhost:${demo.port}/auth/logout`, { method: 'POST' });
    expect(response.status).toBe(421);
  });
});

describe('the process', () => {
  it('ends by itself after SIGTERM, however many wait for messages', async () => {
    const demo = await DemoProcess.start();
    const [hers, his] = await Promise.all([token('alice', demo.port), token('bob', demo.port)]);

    const poll = await PushSession.open(demo.url, hers);
    await poll.connect();
    const held = poll.connect();
    const socket = new WebSocket(`${demo.url.replace('http', 'ws')}/cometd`);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    const handshake = { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['websocket'] };
    socket.send(JSON.stringify([{ ...handshake, ext: { auth: { token: his } } }]));
    const [frame] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(frame.toString())).toEqual([expect.objectContaining({ successful: true })]);

    const closed = once(socket, 'close') as Promise<[number]>;
    const { code, signal, took } = await demo.stop();
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(took).toBeLessThan(ENDS_WITHIN);
    // Both were told, not cut off.
    expect(await held).toEqual([expect.objectContaining({ channel: '/meta/connect', successful: true })]);
    expect((await closed)[0]).toBe(1001);
  });

  it('writes no token, code, cookie or password down, whatever goes wrong', async () => {
    const demo = await DemoProcess.start();
    const printed = demo.output();
    const secrets = ['typed-by-mistake', 'demo-only-service-secret', 'not-a-code', 'not-a-token'];
    try {
      const { browser, page } = await signedIn(demo.url, 'alice');
      const accessToken = (
        JSON.parse((await browser.post('/auth/comet-token', page)).text) as { token: string }
      ).token;
      secrets.push(accessToken, HttpBrowser.csrfOf(page), ...(await goWrong(demo.url)));
      secrets.push(await token('--service', demo.port), ...Object.values(browser.cookies()));
      for (const { headers, url } of browser.history) {
        secrets.push(...url.searchParams.values(), ...headers.getSetCookie().map(valueOf));
      }
      const bad = `${accessToken.slice(0, -8)}AAAAAAAA`;
      await expect(PushSession.open(demo.url, bad)).rejects.toThrow('401');
      await fetch(`${demo.url}/cometd?access_token=${accessToken}`, { method: 'POST', body: '[]' });
      await fetch(`${demo.url}/api/whoami`, { headers: { Authorization: `Bearer ${bad}` } });
    } finally {
      await demo.stop();
    }
    const logged = demo.output().slice(printed.length);
    // The refusals themselves are there.
    expect(logged).toContain('Sign-in refused');
    const telling = secrets.filter((secret) => secret.length > 8 && !secret.startsWith('http'));
    const signatures = telling.flatMap((secret) => secret.split('.').slice(2));
    expect([...telling, ...signatures].filter((secret) => logged.includes(secret))).toEqual([]);
    for (const password of Object.values(DEMO_PASSWORDS)) expect(logged).not.toContain(password);
  });
});

/** A sign-in with everything that can be wrong with it; gives what was secret in it. */
async function goWrong(url: string): Promise<string[]> {
  const browser = new HttpBrowser(url);
  const form = await browser.open('/auth/login');
  await browser.submit(form, { login: 'alice', password: 'typed-by-mistake' });
  const answer = await browser.submit(form, { login: 'bob', password: DEMO_PASSWORDS.bob }, isCallback);
  const callback = new URL(answer.headers.get('location') ?? '');
  const bad = new URL(callback);
  bad.searchParams.set('code', 'not-a-code');
  for (const url of [bad, callback]) expect((await browser.ask(url)).status).toBe(401);
  await browser.ask('/auth/callback?code=not-a-code&state=x');
  await browser.ask('/api/whoami', { headers: { authorization: 'Bearer not-a-token' } });
  return [...callback.searchParams.values()].concat(Object.values(browser.cookies()));
}

const valueOf = (cookie: string): string => /^[^=]*=([^;]*)/.exec(cookie)?.[1] ?? '';
