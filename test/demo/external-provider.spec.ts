import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DemoProcess } from '../e2e/support/demo-process.js';
import { freePort } from '../support/free-port.js';

import { CAROL, ExternalProvider } from './support/external-provider.js';
import { HttpBrowser, type HttpPage } from './support/http-browser.js';
import { PushSession } from './support/push-session.js';

let provider: ExternalProvider;
let demo: DemoProcess;
beforeAll(async () => {
  const port = await freePort();
  provider = await ExternalProvider.start(`http://127.0.0.1:${port}`);
  demo = await DemoProcess.start(provider.environment(), port);
});
afterAll(async () => {
  await demo.stop();
  await provider.stop();
});

interface Token {
  readonly token: string;
}

async function signIn(browser: HttpBrowser): Promise<HttpPage> {
  const page = await browser.open('/auth/login');
  expect(page.status).toBe(200);
  return page;
}

describe('the demo with a provider of one’s own', () => {
  it('says at start what the provider has to know', () => {
    expect(demo.output()).toContain(provider.issuer);
    expect(demo.output()).toContain(`${demo.url}/auth/callback`);
    expect(demo.output()).toContain(`${demo.url}/signed-out`);
    expect(demo.output()).not.toContain('password');
  });

  it('signs in there, and pushes to the user whom the configured claim names', async () => {
    const browser = new HttpBrowser(demo.url);
    const page = await signIn(browser);
    expect(page.url.href).toBe(`${demo.url}/`);
    expect(page.text).toContain(`Hello, ${CAROL.name}`);

    const { token } = JSON.parse((await browser.post('/auth/comet-token', page)).text) as Token;
    expect(decodeProtectedHeader(token).typ).toBe('JWT');
    expect(decodeJwt(token)).toMatchObject({ aud: 'comet', sub: CAROL.sub });
    const whoami = await fetch(`${demo.url}/api/whoami`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await whoami.json()).toMatchObject({ kind: 'user', userId: CAROL.preferred_username });

    const session = await PushSession.open(demo.url, token);
    await session.connect();
    const sent = await browser.post('/portlet/notification', page, { message: 'hello Carol' });
    expect(JSON.parse(sent.text)).toEqual({ sessions: 1 });
    const [message] = await session.connect();
    expect(message).toEqual({ channel: '/eXo/portal/notification', data: { message: 'hello Carol' } });
    await session.close();
  });

  it('has no pages of the embedded provider', async () => {
    const browser = new HttpBrowser(demo.url);
    expect((await browser.ask('/oidc/.well-known/openid-configuration')).status).toBe(404);
    expect((await browser.ask('/sign-in/x')).status).toBe(404);
  });

  it('signs out here and leads on to the provider, with the way back', async () => {
    const browser = new HttpBrowser(demo.url);
    const page = await signIn(browser);
    const answer = await browser.ask('/auth/logout', {
      form: { csrf: HttpBrowser.csrfOf(page) },
      headers: { origin: demo.url },
    });
    const onward = new URL(answer.headers.get('location') ?? '');
    expect(onward.origin).toBe(provider.issuer);
    expect(onward.searchParams.get('post_logout_redirect_uri')).toBe(`${demo.url}/signed-out`);
    expect((await browser.ask('/')).text).toContain('sign-in-link');
  });

  it('keeps refresh tokens and the client’s secret from the browser and from the log', async () => {
    const browser = new HttpBrowser(demo.url);
    const page = await signIn(browser);
    await browser.post('/auth/comet-token', page, { renew: true });
    expect(provider.issued.some(({ refresh_token: refresh }) => refresh)).toBe(true);
    const told = JSON.stringify(browser.history.map(({ headers, text }) => [[...headers], text]));
    for (const secret of provider.secrets) {
      expect(told).not.toContain(secret);
      expect(demo.output()).not.toContain(secret);
    }
  });
});
