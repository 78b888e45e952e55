import { FakeBrowser, settled } from './support/fake-browser.js';
import { Tab, TokenServer } from './support/tab.js';

const MINUTE = 60_000;
const AUTH = '/service/comet/auth';

let browser: FakeBrowser;
let server: TokenServer;
const tabs: Tab[] = [];
beforeEach(() => {
  browser = new FakeBrowser();
  server = new TokenServer();
});
afterEach(async () => {
  for (const tab of tabs.splice(0)) tab.helper.stop();
  await settled();
  expect({ timers: browser.timers, channels: browser.channels }).toEqual({ timers: 0, channels: 0 });
});

function open(
  ...args: ConstructorParameters<typeof Tab> extends [unknown, unknown, ...infer Rest] ? Rest : never
): Tab {
  const tab = new Tab(browser, server, ...args);
  tabs.push(tab);
  return tab;
}

describe('the token', () => {
  it('goes with the handshake, which says that it can be renewed, and with connects', async () => {
    const tab = open();
    await tab.helper.start();
    expect(tab.send('/meta/handshake')).toEqual({ auth: { token: 'token-1', refresh: true } });
    expect(tab.send('/meta/connect')).toEqual({ auth: { token: 'token-1' } });
    expect(tab.helper.expiresAt?.getTime()).toBe(browser.now + 5 * MINUTE);
  });

  it('[N4] is renewed within a minute after the clock was set beyond its end, as after a sleep', async () => {
    const tab = await open().connected();
    browser.stepWall(60 * MINUTE);
    expect(tab.helper.expiresAt).toBeUndefined();
    await browser.advance(MINUTE + 200);
    expect(server.requests).toHaveLength(2);
    expect(tab.helper.expiresAt?.getTime()).toBeGreaterThan(browser.now);
  });

  it('[N4] is given up when its time has passed, though the clock was set back', async () => {
    const tab = await open().connected();
    server.answer = () => Promise.reject(new Error('down'));
    browser.stepWall(-60 * MINUTE);
    await browser.advance(5 * MINUTE - 1);
    expect(tab.helper.expiresAt).toBeDefined();
    await browser.advance(1);
    expect(tab.helper.expiresAt).toBeUndefined();
  });

  it.each(['/meta/subscribe', '/meta/disconnect', '/news', '/service/echo'])(
    'does not go with %s',
    async (channel) => {
      const tab = open();
      await tab.helper.start();
      expect(tab.send(channel)).toBeUndefined();
    },
  );

  it('goes with a connect only if the server has not seen it, where that is wanted', async () => {
    const tab = await open({ everyConnect: false }).connected();
    tab.send('/meta/connect');
    await browser.advance(4 * MINUTE);
    tab.reply({ successful: false });
    tab.send('/meta/connect');
    tab.send('/meta/connect');
    expect(tab.sent).toEqual([
      '/meta/connect',
      `${AUTH}: token-2`,
      '/meta/connect: token-2',
      '/meta/connect',
    ]);
  });

  it('leaves other extensions their part of the message', async () => {
    const tab = open();
    await tab.helper.start();
    const { ext } = tab.helper.outgoing({ channel: '/meta/connect', ext: { ack: 3 } });
    expect(ext).toEqual({ ack: 3, auth: { token: 'token-1' } });
  });

  it('is not shown after it has expired, but to a handshake, whose answer says what to do', async () => {
    const tab = await open().connected();
    server.answer = () => Promise.reject(new Error('down'));
    await browser.advance(6 * MINUTE);
    tab.send('/meta/connect');
    tab.send('/meta/handshake');
    expect(tab.sent).toEqual(['/meta/connect', '/meta/handshake: token-1']);
  });
});

describe('a token that comes of age', () => {
  it('is renewed before it expires, and the new one is sent at once within the session', async () => {
    const tab = await open().connected();
    await browser.advance(3 * MINUTE);
    expect(server.requests).toHaveLength(1);
    await browser.advance(MINUTE);
    expect(server.requests.map(({ refused }) => refused)).toEqual([false, false]);
    expect(tab.sent).toEqual([`${AUTH}: token-2`]);
    await browser.advance(60 * MINUTE);
    expect(server.requests.length).toBeGreaterThan(15);
    expect(server.requests.length).toBeLessThan(20);
  });

  it('is renewed when the server says that it will expire', async () => {
    const tab = await open().connected();
    tab.receive({ channel: AUTH, data: { type: 'expiring', expires_in: 20 } });
    await browser.advance(200);
    expect(tab.sent).toEqual([`${AUTH}: token-2`]);
    // Said again before the new one has arrived, it calls for no third one.
    tab.receive({ channel: AUTH, data: { type: 'expiring', expires_in: 20 } });
    tab.receive({ channel: AUTH, data: { type: 'expiring', expires_in: 20 } });
    await browser.advance(200);
    expect(server.requests).toHaveLength(3);
  });

  it.each([
    [{ expires_in: 60, refresh_before: 45 }, 40_000],
    [{ expires_in: 300, refresh_before: 10 }, 10_000],
  ])('is renewed when the server’s reply %j says so, if that is sooner', async (auth, delay) => {
    const tab = await open().connected();
    tab.receive({ channel: '/meta/connect', successful: true, ext: { auth } });
    await browser.advance(delay - 1);
    expect(server.requests).toHaveLength(1);
    await browser.advance(101);
    expect(server.requests).toHaveLength(2);
  });

  it('is renewed with more and more patience while the back end is down', async () => {
    const tab = await open().connected();
    const { answer } = server;
    server.answer = () => Promise.reject(new Error('down'));
    await browser.advance(3.5 * MINUTE + 1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 30_000 + 30_000);
    expect(tab.events).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => `error down ${seconds}000`));
    server.answer = answer;
    await browser.advance(30_000);
    expect(tab.sent).toEqual([`${AUTH}: token-${server.requests.length}`]);
  });

  it('is renewed although a request hangs, and one that is no answer is no token', async () => {
    const tab = await open({ fetchTimeout: 5_000 }).connected();
    server.answer = () => new Promise(() => undefined);
    await browser.advance(3.5 * MINUTE + 5_000);
    expect(server.requests[1]?.signal.aborted).toBe(true);
    server.answer = () => ({ token: '', expiresIn: 300 });
    await browser.advance(1_000);
    server.answer = () => ({ token: 'good', expiresIn: 300 });
    await browser.advance(2_000);
    expect(tab.events).toEqual([
      'error No token came within 5000 ms. 1000',
      expect.stringMatching(/^error fetchToken has to answer \{ token, expiresIn \}.* 2000$/),
    ]);
    expect(tab.sent).toEqual([`${AUTH}: good`]);
  });

  it('does not overflow a timer, however old it is to become', async () => {
    server.answer = (_request, number) => ({ token: `token-${number}`, expiresIn: 365 * 24 * 3600 });
    await open().connected();
    await browser.advance(24 * 24 * 60 * MINUTE);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it('of a token that has expired is answered with another one, in the same session', async () => {
    const tab = await open().connected();
    tab.refuseConnect('401::token_expired', 'retry');
    await browser.advance(200);
    expect(server.requests[1]?.refused).toBe(true);
    expect(tab.sent).toEqual([`${AUTH}: token-2`]);
    tab.send('/meta/connect');
    expect(tab.sent[1]).toBe('/meta/connect: token-2');
  });

  it('of a token that has been replaced meanwhile calls for no other', async () => {
    const tab = await open().connected();
    await browser.advance(3.5 * MINUTE + 200);
    tab.reply({ successful: false });
    tab.sent.length = 0;
    tab.refuseConnect('401::token_expired', 'retry');
    await settled();
    expect(server.requests).toHaveLength(2);
    expect(tab.sent).toEqual([`${AUTH}: token-2`]);
  });

  it('of a handshake is answered with a handshake with another token', async () => {
    const tab = open();
    await tab.helper.start();
    tab.handshake();
    tab.refuseHandshake('401::token_expired');
    await browser.advance(200);
    expect(tab.sent).toEqual(['/meta/handshake: token-1', '/meta/handshake: token-2']);
  });

  it('of a handshake that had no token yet is answered with the first one', async () => {
    const tab = open();
    tab.handshake();
    tab.refuseHandshake('401::authentication_required');
    await browser.advance(200);
    expect(tab.sent).toEqual(['/meta/handshake', '/meta/handshake: token-1']);
  });

  it('is answered in the page’s own way, where it has one', async () => {
    const tab = open({ handshake: () => tab.send('by the page') });
    await tab.helper.start();
    tab.handshake();
    tab.refuseHandshake('401::invalid_token');
    await browser.advance(200);
    expect(tab.sent).toEqual(['/meta/handshake: token-1', 'by the page']);
  });

  it('is believed when the new token is refused too', async () => {
    const tab = open();
    await tab.helper.start();
    tab.handshake();
    for (let times = 0; times < 3; times++) {
      tab.refuseHandshake('401::invalid_token');
      await browser.advance(MINUTE);
    }
    expect(server.requests).toHaveLength(2);
    expect(tab.sent).toHaveLength(2);
    expect(tab.events).toEqual(['refused 401::invalid_token']);
  });

  it('of a token of somebody else is believed', async () => {
    const tab = await open().connected();
    tab.receive({ channel: AUTH, successful: false, error: '403::principal_mismatch' });
    await browser.advance(10 * MINUTE);
    expect(tab.events).toEqual(['refused 403::principal_mismatch']);
    expect(server.requests).toHaveLength(1);
  });

  it('that is none of tokens is not the helper’s business', async () => {
    const tab = await open().connected();
    tab.receive({
      channel: '/meta/subscribe',
      successful: false,
      error: '403:denied_by_not_granting:subscribe_denied',
    });
    tab.receive({ channel: '/meta/connect', successful: false, error: '402::session_unknown' });
    await browser.advance(MINUTE);
    expect({ events: tab.events, requests: server.requests.length }).toEqual({ events: [], requests: 1 });
  });

  it('does not bring back a client that the page has disconnected', async () => {
    const tab = await open().connected();
    tab.refuseConnect('401::token_expired', 'none');
    tab.send('/meta/disconnect');
    await browser.advance(MINUTE);
    expect(tab.sent).toEqual(['/meta/disconnect']);
  });
});

describe('the end', () => {
  it.each(['connect', 'handshake'])('of a revoked session, told by the %s, is final', async (which) => {
    const tab = await open().connected();
    if (which === 'connect') tab.refuseConnect('401::session_revoked', 'none');
    else tab.refuseHandshake('401::session_revoked');
    await browser.advance(10 * MINUTE);
    expect(tab.events).toEqual(['revoked 401::session_revoked']);
    expect({ sent: tab.sent, requests: server.requests.length }).toEqual({ sent: [], requests: 1 });
    expect(tab.helper.expiresAt).toBeUndefined();
  });

  it('has come when nobody is signed in any more', async () => {
    const tab = await open().connected();
    server.answer = () => null;
    await browser.advance(10 * MINUTE);
    expect(tab.events).toEqual(['signed out']);
    expect(server.requests).toHaveLength(2);
  });

  it('has come when the page stops it: nothing is under way, and nothing comes of what was', async () => {
    const tab = await open().connected();
    let answer: (token: { token: string; expiresIn: number }) => void = () => undefined;
    server.answer = () => new Promise((resolve) => (answer = resolve));
    await browser.advance(3.6 * MINUTE);
    tab.helper.stop();
    expect(server.requests[1]?.signal.aborted).toBe(true);
    answer({ token: 'late', expiresIn: 300 });
    await browser.advance(10 * MINUTE);
    expect({ sent: tab.sent, events: tab.events }).toEqual({ sent: [], events: [] });
    expect(tab.send('/meta/connect')).toBeUndefined();
  });

  it('is none: it can be started again', async () => {
    const tab = await open().connected();
    tab.helper.unregistered();
    tab.helper.registered('auth', tab);
    await tab.connected();
    await browser.advance(4 * MINUTE);
    expect(tab.sent).toEqual([`${AUTH}: token-3`]);
  });

  it('is told at the start, which is tried once', async () => {
    const tab = open();
    server.answer = () => Promise.reject(new Error('down'));
    await expect(tab.helper.start()).rejects.toThrow('down');
    await browser.advance(10 * MINUTE);
    expect({ events: tab.events, requests: server.requests.length }).toEqual({ events: [], requests: 1 });
  });
});

it('tells which channels a renewed token does not cover', async () => {
  const tab = await open().connected();
  tab.receive({ channel: AUTH, data: { type: 'unsubscribed', channels: ['/news/**'] } });
  expect(tab.events).toEqual(['unsubscribed /news/**']);
});
