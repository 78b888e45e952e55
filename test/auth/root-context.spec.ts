import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { issuerFetch } from '../../src/auth/issuer-fetch.js';
import { inRootContext } from '../../src/auth/root-context.js';

const storage = new AsyncLocalStorage<string>();

describe('the root context', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('has nothing of the caller, who has it again afterwards', () => {
    storage.run('alice', () => {
      expect(inRootContext(() => storage.getStore())).toBeUndefined();
      expect(() =>
        inRootContext(() => {
          throw new RangeError('passed on');
        }),
      ).toThrow(RangeError);
      expect(storage.getStore()).toBe('alice');
    });
  });

  it('[N6] T76 is where issuers are asked, whose connections serve other callers too', async () => {
    const seen: unknown[] = [];
    jest.spyOn(globalThis, 'fetch').mockImplementation(() => {
      seen.push(storage.getStore());
      return Promise.resolve(new Response('{}'));
    });
    await storage.run('alice', async () => {
      await issuerFetch('https://login.example.com', {});
      expect(storage.getStore()).toBe('alice');
    });
    expect(seen).toEqual([undefined]);
  });
});
