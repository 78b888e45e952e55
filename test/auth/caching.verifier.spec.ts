import { CachingVerifier } from '../../src/auth/caching.verifier.js';
import { TokenError } from '../../src/auth/token-verifier.js';
import type { TokenVerifier } from '../../src/auth/token-verifier.js';
import { principalOf } from '../nest/support/user-tokens.js';
import { TestClock } from './issuer.fixture.js';

const HOUR = 3_600_000;

describe('CachingVerifier', () => {
  let clock: TestClock;
  let asked: number;

  beforeEach(() => {
    clock = new TestClock();
    asked = 0;
  });

  const caching = (verify: TokenVerifier['verify']): CachingVerifier =>
    new CachingVerifier(
      {
        verify: (token) => {
          asked++;
          return verify(token);
        },
      },
      { good: 60_000, bad: 5_000 },
      clock,
    );

  it('[N4] T75 asks anew about a token beyond whose end the wall clock was set', async () => {
    const expiresAt = clock.wallTime() + 30_000;
    const verifier = caching(() => Promise.resolve({ ...principalOf('alice'), expiresAt }));
    await verifier.verify('token');
    clock.stepWall(HOUR);
    await verifier.verify('token');
    expect(asked).toBe(2);
  });

  it('[N4] T75 keeps a good token for no longer than it has left, though the wall clock is set back', async () => {
    const expiresAt = clock.wallTime() + 30_000;
    const verifier = caching(() => Promise.resolve({ ...principalOf('alice'), expiresAt }));
    await verifier.verify('token');
    clock.stepWall(-HOUR);
    clock.advance(29_999);
    await verifier.verify('token');
    expect(asked).toBe(1);
    clock.advance(1);
    await verifier.verify('token');
    expect(asked).toBe(2);
  });

  it('[N4] T75 refuses a bad token for its time only, though the wall clock is set back', async () => {
    const verifier = caching(() => Promise.reject(new TokenError('invalid_token', 'bad')));
    await expect(verifier.verify('token')).rejects.toThrow(TokenError);
    clock.stepWall(-HOUR);
    clock.advance(4_999);
    await expect(verifier.verify('token')).rejects.toThrow(TokenError);
    expect(asked).toBe(1);
    clock.advance(1);
    await expect(verifier.verify('token')).rejects.toThrow(TokenError);
    expect(asked).toBe(2);
  });
});
