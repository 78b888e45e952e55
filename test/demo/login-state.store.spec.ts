import 'reflect-metadata';
import { jest } from '@jest/globals';
import { LoginStateStore } from '../../demo/auth/login-state.store.js';
import { readConfig } from '../../demo/config/demo.config.js';
import { FakeExchange } from './support/fake-exchange.js';

const STATE = { nonce: 'n-1', returnTo: '/' };
const TEN_MINUTES = 10 * 60 * 1000;

/** Begins a login in a browser; gives its handle and the browser's next request. */
async function begin(store: LoginStateStore, from = new FakeExchange(), verifier = 'verifier') {
  const handle = await new Promise<string>((resolve, reject) => {
    store.store(from.request, verifier, STATE, undefined, (error, given) => {
      if (given === undefined) reject(error ?? new Error('There is no handle.'));
      else resolve(given);
    });
  });
  return { handle, browser: from.next(), cookie: from.kept.at(-1) };
}

/** What passport-oauth2 is told of a login. */
function verify(store: LoginStateStore, { request }: FakeExchange, handle: unknown): Promise<unknown[]> {
  return new Promise((resolve) => {
    store.verify(request, handle, undefined, (...told) => {
      resolve(told);
    });
  });
}

describe('LoginStateStore', () => {
  let store: LoginStateStore;
  beforeEach(() => {
    store = new LoginStateStore(readConfig({}));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives back what a login began with, to passport too', async () => {
    const { handle, browser } = await begin(store);
    expect(await verify(store, browser, handle)).toEqual([null, 'verifier', STATE]);
    expect(store.stateOf(browser.request)).toEqual(STATE);
  });

  it('knows a login once', async () => {
    const { handle, browser } = await begin(store);
    expect(await store.take(browser.request, handle)).not.toBeNull();
    // A cookie that the browser did not forget makes no difference.
    expect(await store.take(browser.next().request, handle)).toBeNull();
    expect(await verify(store, browser, handle)).toEqual([null, false, { message: 'unknown state' }]);
  });

  it('makes the browser forget the cookie of a login that is over', async () => {
    const { handle, browser, cookie } = await begin(store);
    await store.take(browser.request, handle);
    expect(browser.forgotten).toEqual([cookie?.name]);
  });

  it('is bound to the browser, and leaves the login to its owner when another one asks', async () => {
    const { handle, browser } = await begin(store);
    expect(await store.take(new FakeExchange().request, handle)).toBeNull();
    const other = (await begin(store)).browser;
    expect(await store.take(other.request, handle)).toBeNull();
    expect(store.stateOf(other.request)).toBeUndefined();
    expect(await store.take(browser.request, handle)).not.toBeNull();
  });

  it.each(['', 'x', 'e30.e30.e30.e30.e30', undefined])('does not take the cookie value %j', async (value) => {
    const { handle, cookie } = await begin(store);
    const forged = new FakeExchange(value === undefined ? [] : [`${cookie?.name}=${value}`]);
    expect(await store.take(forged.request, handle)).toBeNull();
  });

  it('does not take the cookie of another login of the same browser, or of another portal', async () => {
    const first = await begin(store);
    const second = await begin(store);
    const mixed = new FakeExchange([`${first.cookie?.name}=${second.cookie?.value}`]);
    expect(await store.take(mixed.request, first.handle)).toBeNull();
    const elsewhere = new LoginStateStore(readConfig({}));
    expect(await elsewhere.take(first.browser.request, first.handle)).toBeNull();
  });

  it('is over after ten minutes', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const [early, late] = [await begin(store), await begin(store)];
    jest.setSystemTime(TEN_MINUTES - 1);
    expect(await store.take(early.browser.request, early.handle)).not.toBeNull();
    jest.setSystemTime(TEN_MINUTES);
    expect(await store.take(late.browser.request, late.handle)).toBeNull();
    expect(store.stateOf(late.browser.request)).toBeUndefined();
  });

  it('keeps the tabs of one browser apart', async () => {
    const first = await begin(store, new FakeExchange(), 'one');
    const { handle, browser } = await begin(store, first.browser, 'two');
    expect((await store.take(browser.request, handle))?.verifier).toBe('two');
    expect((await store.take(browser.request, first.handle))?.verifier).toBe('one');
  });

  it.each([undefined, null, 7, {}, ['a'], '', '__proto__', 'constructor'])(
    'knows no login %j',
    async (handle) => {
      const { browser } = await begin(store);
      expect(await store.take(browser.request, handle)).toBeNull();
    },
  );

  it('hands out random handles, and a cookie that scripts and other paths do not see', async () => {
    const [first, second] = [await begin(store), await begin(store)];
    expect(first.handle).toMatch(/^[\w-]{22}$/);
    expect(first.handle).not.toBe(second.handle);
    expect(first.cookie?.options).toEqual({
      httpOnly: true,
      sameSite: 'lax',
      secure: false,
      path: '/auth',
      maxAge: TEN_MINUTES,
    });
  });

  it('says nothing of the login to those who see the cookie', async () => {
    const { cookie } = await begin(store, new FakeExchange(), 'the-verifier');
    const parts = (cookie?.value ?? '').split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(parts.join()).not.toMatch(/the-verifier|n-1/);
    expect(cookie?.value.length).toBeLessThan(500);
  });

  it('marks the cookie for https where browsers come over https', async () => {
    store = new LoginStateStore(readConfig({ PUBLIC_URL: 'https://portal.example.com' }));
    expect((await begin(store)).cookie?.options).toMatchObject({ secure: true });
  });

  it('[W12] T78 voids no login, however many others begin', async () => {
    const { handle, browser } = await begin(store);
    for (let others = 0; others < 1_001; others++) await begin(store);
    expect(await store.take(browser.request, handle)).not.toBeNull();
  });

  it('[W12] T78 keeps eight logins of a browser, and has it forget its oldest', async () => {
    let browser = new FakeExchange();
    const cookies: (string | undefined)[] = [];
    for (let count = 0; count < 9; count++) {
      const begun = await begin(store, browser);
      expect(browser.forgotten).toEqual(count < 8 ? [] : [cookies[0]]);
      cookies.push(begun.cookie?.name);
      browser = begun.browser;
    }
  });
});
