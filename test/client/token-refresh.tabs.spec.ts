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

/** Tabs of these logins, all with a session. */
async function open(...logins: (string | undefined)[]): Promise<Tab[]> {
  const opened = logins.map((shareAs) => new Tab(browser, server, shareAs === undefined ? {} : { shareAs }));
  tabs.push(...opened);
  const connected = Promise.all(opened.map((tab) => tab.connected()));
  await browser.advance(1_000);
  return connected;
}

describe('the tabs of one login', () => {
  it('fetch one token for all of them, each time', async () => {
    const all = await open('alice', 'alice', 'alice');
    expect(server.requests).toHaveLength(1);
    for (const requests of [2, 3, 4]) {
      await browser.advance(3.5 * MINUTE);
      expect(server.requests).toHaveLength(requests);
      for (const tab of all) expect(tab.sent.at(-1)).toBe(`${AUTH}: token-${requests}`);
    }
    for (const tab of all) expect(tab.sent).toHaveLength(3);
  });

  it('give their token to a tab that is opened later', async () => {
    const [first] = await open('alice');
    await browser.advance(MINUTE);
    const [late] = await open('alice');
    expect(late?.helper.expiresAt).toEqual(first?.helper.expiresAt);
    expect(server.requests).toHaveLength(1);
  });

  it('do not give back what the server has refused', async () => {
    const [one, two] = await open('alice', 'alice');
    one?.refuseConnect('401::invalid_token', 'retry');
    await browser.advance(1_000);
    expect(server.requests.map(({ refused }) => refused)).toEqual([false, true]);
    expect([one?.sent, two?.sent]).toEqual([[`${AUTH}: token-2`], [`${AUTH}: token-2`]]);
  });

  it('go on when the one that was fetching is closed', async () => {
    const both = await open('alice', 'alice');
    for (const tab of both) tab.fetches = 0;
    const { answer } = server;
    server.answer = () => new Promise(() => undefined);
    await browser.advance(3.5 * MINUTE);
    server.answer = answer;
    const [other, fetching] = both.sort((one, two) => one.fetches - two.fetches);
    expect([other?.fetches, fetching?.fetches]).toEqual([0, 1]);
    fetching?.helper.stop();
    await browser.advance(1_000);
    expect(other?.sent).toEqual([`${AUTH}: token-3`]);
  });

  it('take what another one gets while they wait to try again', async () => {
    const [one] = await open('alice', 'alice');
    server.answer = () => Promise.reject(new Error('down'));
    await browser.advance(3.5 * MINUTE);
    const asked = server.requests.length;
    const channel = browser.tab().openChannel?.('nestjs-comet token alice');
    channel?.postMessage({ token: 'token-x', expiresAt: browser.now + 5 * MINUTE });
    await browser.advance(MINUTE);
    channel?.close();
    expect(one?.sent).toEqual([`${AUTH}: token-x`]);
    expect(server.requests).toHaveLength(asked);
  });

  it('do not wait for ever for one that hangs', async () => {
    const [, two] = await open('alice', 'alice');
    server.answer = (_request, number) =>
      number === 2 ? new Promise(() => undefined) : { token: `token-${number}`, expiresIn: 300 };
    await browser.advance(3.5 * MINUTE + 40_000);
    expect(two?.sent).toEqual([`${AUTH}: token-3`]);
  });
});

describe('tabs', () => {
  it('of different logins have nothing in common', async () => {
    const [alice, bob] = await open('alice', 'bob');
    expect(server.requests).toHaveLength(2);
    alice?.refuseConnect('401::invalid_token', 'retry');
    await browser.advance(1_000);
    expect(bob?.sent).toEqual([]);
  });

  it('without a common name have nothing in common', async () => {
    await open(undefined, undefined);
    expect(server.requests).toHaveLength(2);
  });

  it('each fetch their own in a browser that knows neither locks nor channels', async () => {
    browser.shares = false;
    const all = await open('alice', 'alice');
    await browser.advance(4 * MINUTE);
    expect(server.requests).toHaveLength(4);
    for (const tab of all) expect(tab.sent).toHaveLength(1);
  });

  it('take nothing from a channel that is no token', async () => {
    const [tab] = await open('alice');
    const channel = browser.tab().openChannel?.('nestjs-comet token alice');
    const far = browser.now + 60 * MINUTE;
    for (const data of [
      null,
      7,
      'token',
      {},
      { token: 3, expiresAt: far },
      { token: 'x' },
      { token: 'old', expiresAt: 1 },
    ])
      channel?.postMessage(data);
    await settled();
    channel?.close();
    expect(tab?.sent).toEqual([]);
  });
});
