import {
  CometAdminModule,
  type CometAdminOptions,
  type CometPrincipal,
  type TokenVerifier,
} from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import { principalOf, userTokens } from './support/user-tokens.js';

/** `token-of-alice`, or with a scope `comet:admin token-of-root`. */
const verifier: TokenVerifier = {
  verify: async (token): Promise<CometPrincipal> => {
    const admin = token === 'token-of-admin';
    const principal = admin ? principalOf('admin') : await userTokens.verify(token);
    return { ...principal, issuedAt: 1_000, ...(admin && { scopes: ['comet:admin'] }) };
  },
};

describe.each(HTTP_KINDS)('the admin controller on %s', (http) => {
  const stage = new NestStage();
  const start = (options?: CometAdminOptions): Promise<NestApp> =>
    stage.start({ http, options: { auth: { verifier } }, imports: [CometAdminModule.forRoot(options)] });
  const post = async (
    app: NestApp,
    body: unknown,
    token: string | undefined = 'token-of-admin',
    path = 'comet/admin',
  ): Promise<{ status: number; body: unknown; challenge: string | undefined; cache: string | undefined }> => {
    const { status, text, headers } = await ask(`${app.origin}/${path}/revoke`, {
      headers: { 'content-type': 'application/json', ...(token !== '' && bearer(token)) },
      body: JSON.stringify(body),
    }).answer;
    const { 'www-authenticate': challenge, 'cache-control': cache } = headers;
    return { status, body: JSON.parse(text) as unknown, challenge, cache };
  };

  it('ends the sessions of a user, whose token is refused from then on', async () => {
    const app = await start();
    const [alice, bob] = [await app.socket('alice').join(), await app.socket('bob').join()];
    const held = alice.connect();
    expect(await post(app, { userId: 'alice' })).toEqual({
      status: 200,
      body: { sessions: 1 },
      challenge: undefined,
      cache: 'no-store',
    });
    expect(await held).toMatchObject({ error: '401::session_revoked' });
    expect(await app.polling().handshake(presenting('token-of-alice'))).toMatchObject({
      error: '401::session_revoked',
    });
    expect(await bob.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
  });

  it('T37: and guarded controllers refuse it too', async () => {
    const app = await start();
    await post(app, { userId: 'admin' });
    expect(await post(app, { userId: 'bob' })).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    });
  });

  it('T50: needs a token with the scope', async () => {
    const app = await start();
    const alice = await app.socket('alice').join();
    expect(await post(app, { userId: 'alice' }, '')).toMatchObject({ status: 401, challenge: 'Bearer' });
    expect(await post(app, { userId: 'alice' }, 'token-of-alice')).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="comet:admin"',
    });
    expect(await alice.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
  });

  it.each([
    ['nothing', {}],
    ['two targets', { userId: 'alice', sid: 'one' }],
    ['an empty name', { userId: '' }],
    ['a name that is no text', { userId: ['alice'] }],
    ['a name that is too long', { sid: 'x'.repeat(256) }],
    ['null', { userId: null }],
    ['all: false', { all: false }],
    ['a tenant', { userId: 'alice', tenant: 'acme' }],
    ['an issuer', { subject: 'alice', issuer: 'https://other.example' }],
    ['a list', ['alice']],
  ])('refuses a body with %s', async (_, body) => {
    const app = await start();
    expect(await post(app, body)).toMatchObject({ status: 400 });
  });

  it('is where the options say, and asks for their scope', async () => {
    const app = await start({ path: 'ops', scope: 'ops' });
    expect(await post(app, { all: true }, 'token-of-admin', 'ops')).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="ops"',
    });
    expect(await post(app, { all: true })).toMatchObject({ status: 404 });
  });
});

it.each([
  { path: '/admin' },
  { path: '' },
  { scope: '' },
  { scope: 'a b' },
  { scope: 'a"b' },
  { scopes: 'a' },
])('CometAdminModule does not take %j', (options) => {
  expect(() => CometAdminModule.forRoot(options)).toThrow(TypeError);
});
