import { returnTo } from '../../demo/auth/return-to.js';
import { AWAY } from './support/away.js';

describe('returnTo', () => {
  it.each(['/', '/?tab=1', '/admin', '/?a=b&c=%2F%2Fevil'])('leads back to %s', (path) => {
    expect(returnTo(path)).toBe(path);
  });

  it.each(AWAY)('T44: never leads away from the portal: %j', (value) => {
    expect(returnTo(value)).toBe('/');
  });

  it.each(['/auth/logout', '/auth/login', '/oidc/session/end', '/no-such-page', '/./auth/login'])(
    'leads to pages of the portal only, not to %s',
    (value) => {
      expect(returnTo(value)).toBe('/');
    },
  );

  it.each([undefined, null, 1, {}, ['/'], ['//evil.example'], ''])(
    'leads to the front page without a path: %j',
    (value) => {
      expect(returnTo(value)).toBe('/');
    },
  );

  it('drops a fragment, which no server should need', () => {
    expect(returnTo('/#//evil.example')).toBe('/');
  });
});
