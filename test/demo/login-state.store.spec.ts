import 'reflect-metadata';
import { jest } from '@jest/globals';
import { LoginStateStore } from '../../demo/auth/login-state.store.js';
import { readConfig } from '../../demo/config/demo.config.js';
import { FakeExchange } from './support/fake-exchange.js';

const STATE = { nonce: 'n-1', returnTo: '/' };
const TEN_MINUTES = 10 * 60 * 1000;

/** Begins a login in a browser; gives its handle and the browser's next request. */
function begin(store: LoginStateStore, from = new FakeExchange(), verifier = 'verifier') {
  let handle = '';
  store.store(from.request, verifier, STATE, undefined, (_error, given = '') => (handle = given));
  return { handle, browser: from.next(), cookie: from.kept.at(-1) };
}

describe('LoginStateStore', () => {
  let store: LoginStateStore;
  beforeEach(() => {
    store = new LoginStateStore(readConfig({}));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives back what a login began with, to passport too', () => {
    const { handle, browser } = begin(store);
    const done = jest.fn();
    store.verify(browser.request, handle, undefined, done);
    expect(done).toHaveBeenCalledWith(null, 'verifier', STATE);
    expect(store.stateOf(browser.request)).toEqual(STATE);
  });

  it('knows a login once', () => {
    const { handle, browser } = begin(store);
    expect(store.take(browser.request, handle)).not.toBeNull();
    expect(store.take(browser.next().request, handle)).toBeNull();
    const done = jest.fn();
    store.verify(browser.request, handle, undefined, done);
    expect(done).toHaveBeenCalledWith(null, false, { message: 'unknown state' });
  });

  it('makes the browser forget the cookie of a login that is over', () => {
    const { handle, browser, cookie } = begin(store);
    store.take(browser.request, handle);
    expect(browser.forgotten).toEqual([cookie?.name]);
  });

  it('is bound to the browser, and leaves the login to its owner when another one asks', () => {
    const { handle, browser } = begin(store);
    expect(store.take(new FakeExchange().request, handle)).toBeNull();
    const other = begin(store).browser;
    expect(store.take(other.request, handle)).toBeNull();
    expect(store.stateOf(other.request)).toBeUndefined();
    expect(store.take(browser.request, handle)).not.toBeNull();
  });

  it.each(['', 'x', undefined])('does not take the cookie value %j', (value) => {
    const { handle, cookie } = begin(store);
    const forged = new FakeExchange(value === undefined ? [] : [`${cookie?.name}=${value}`]);
    expect(store.take(forged.request, handle)).toBeNull();
  });

  it('does not take the cookie of another login of the same browser', () => {
    const first = begin(store);
    const second = begin(store);
    const mixed = new FakeExchange([`${first.cookie?.name}=${second.cookie?.value}`]);
    expect(store.take(mixed.request, first.handle)).toBeNull();
  });

  it('is over after ten minutes', () => {
    jest.useFakeTimers({ now: 0 });
    const [early, late] = [begin(store), begin(store)];
    jest.setSystemTime(TEN_MINUTES - 1);
    expect(store.take(early.browser.request, early.handle)).not.toBeNull();
    jest.setSystemTime(TEN_MINUTES);
    expect(store.take(late.browser.request, late.handle)).toBeNull();
    expect(store.stateOf(late.browser.request)).toBeUndefined();
  });

  it('keeps any number of tabs of one browser apart', () => {
    const first = begin(store, new FakeExchange(), 'one');
    const second = begin(store, first.browser, 'two');
    const browser = second.browser;
    expect(store.take(browser.request, second.handle)?.verifier).toBe('two');
    expect(store.take(browser.request, first.handle)?.verifier).toBe('one');
  });

  it.each([undefined, null, 7, {}, ['a'], '', '__proto__', 'constructor'])('knows no login %j', (handle) => {
    const { browser } = begin(store);
    expect(store.take(browser.request, handle)).toBeNull();
  });

  it('hands out random handles, and a cookie that scripts and other paths do not see', () => {
    const [first, second] = [begin(store), begin(store)];
    expect(first.handle).toMatch(/^[\w-]{22}$/);
    expect(first.handle).not.toBe(second.handle);
    expect(first.cookie?.value).toMatch(/^[\w-]{43}$/);
    expect(first.cookie?.value).not.toBe(second.cookie?.value);
    expect(first.cookie?.options).toEqual({
      httpOnly: true,
      sameSite: 'lax',
      secure: false,
      path: '/auth/callback',
      maxAge: TEN_MINUTES,
    });
  });

  it('marks the cookie for https where browsers come over https', () => {
    store = new LoginStateStore(readConfig({ PUBLIC_URL: 'https://portal.example.com' }));
    expect(begin(store).cookie?.options).toMatchObject({ secure: true });
  });

  it('forgets the oldest logins when too many are begun', () => {
    const oldest = begin(store);
    const others = Array.from({ length: 1_000 }, () => begin(store));
    expect(store.take(oldest.browser.request, oldest.handle)).toBeNull();
    const last = others.at(-1);
    expect(last && store.take(last.browser.request, last.handle)).toBeTruthy();
  });
});
