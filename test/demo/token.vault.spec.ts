import 'reflect-metadata';
import { jest } from '@jest/globals';
import { OidcClient } from '../../demo/auth/oidc-client.service.js';
import type { TokenSet } from '../../demo/auth/token-set.js';
import { TokenVault } from '../../demo/auth/token.vault.js';

const LIFETIME = 300_000;
const HOUR = 3_600_000;
const ALICE = { userId: 'alice', name: 'Alice' };

describe('TokenVault', () => {
  beforeEach(() => void jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const tokens = (accessToken: string): TokenSet => ({
    accessToken,
    refreshToken: 'refresh',
    lifetime: LIFETIME,
    expiresAt: performance.now() + LIFETIME,
  });

  it.each([HOUR, -HOUR])(
    '[N4] renews tokens by the time that has passed, with the clock set by %d',
    async (step) => {
      const client = Object.create(OidcClient.prototype) as OidcClient;
      const refresh = jest
        .spyOn(client, 'refresh')
        .mockImplementation(() => Promise.resolve(tokens('second')));
      const vault = new TokenVault(client);
      const key = vault.put(ALICE, tokens('first'));
      jest.setSystemTime(Date.now() + step);
      expect(await vault.accessToken(key, false)).toEqual({ token: 'first', expiresIn: 300 });
      jest.advanceTimersByTime(LIFETIME / 2 + 1);
      expect(await vault.accessToken(key, false)).toEqual({ token: 'second', expiresIn: 300 });
      expect(refresh).toHaveBeenCalledTimes(1);
    },
  );
});
