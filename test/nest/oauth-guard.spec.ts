import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import {
  AuthUnavailableError,
  CometOAuthGuard,
  type CometPrincipal,
  TokenError,
  type TokenVerifier,
} from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { RawSocket } from '../support/raw-socket.js';
import { within } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import { principalOf, userTokens } from './support/user-tokens.js';

@UseGuards(CometOAuthGuard)
@Controller('me')
class MeController {
  @Get()
  me(@Req() { user }: { user: CometPrincipal }): unknown {
    return { userId: user.userId, kind: user.kind };
  }
}

const SECRET = 'hunter2';
/** Why a verifier refuses a token: that is for the log, and not for its client. */
const REASON = 'for the log only';

const verifier: TokenVerifier = {
  verify: (token) => {
    switch (token) {
      case 'expired':
        return Promise.reject(new TokenError('token_expired', REASON));
      case 'unavailable':
        return Promise.reject(new AuthUnavailableError(SECRET));
      case 'bug':
        return Promise.reject(new TypeError(`cannot read ${SECRET} of ${token}`));
      case 'throws':
        throw new TypeError(`cannot read ${SECRET} of ${token}`);
      case 'nobody':
        return Promise.resolve(undefined as unknown as CometPrincipal);
      default:
        return userTokens.verify(token);
    }
  },
};

interface Outcome {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

async function me(
  app: NestApp,
  headers: OutgoingHttpHeaders = {},
  { method = 'GET', query = '' } = {},
): Promise<Outcome> {
  const answer = await ask(`${app.origin}/me${query}`, { method, headers, body: '' }).answer;
  return { ...answer, challenge: answer.headers['www-authenticate'] };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const BARE = 'Bearer';
const INVALID_TOKEN = 'Bearer error="invalid_token"';
const invalidRequest = (why: string) => `Bearer error="invalid_request", error_description="${why}"`;

describe.each(HTTP_KINDS)('CometOAuthGuard on %s', (http) => {
  const stage = new NestStage();
  const start = (other: TokenVerifier = verifier) =>
    stage.start({ http, options: { auth: { verifier: other } }, controllers: [MeController] });

  it.each([
    ['Bearer token-of-alice'],
    ['bearer token-of-alice'],
    ['BEARER token-of-alice'],
    ['Bearer   token-of-alice'],
  ])('lets %j in', async (authorization) => {
    const app = await start();
    const { status, text, challenge } = await me(app, { authorization });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ userId: 'alice', kind: 'user' });
    expect(challenge).toBeUndefined();
  });

  it.each<[string, OutgoingHttpHeaders, number, string]>([
    ['no credentials', {}, 401, BARE],
    ['credentials of another scheme', { authorization: 'Basic YWxpY2U6aHVudGVyMg==' }, 401, BARE],
    ['a word that only begins like the scheme', { authorization: 'Bearerx y' }, 401, BARE],
    ['an empty token', { authorization: 'Bearer' }, 400, invalidRequest('not a bearer token')],
    ['a malformed token', { authorization: 'Bearer a b' }, 400, invalidRequest('not a bearer token')],
    ['forbidden characters', { authorization: 'Bearer "a"' }, 400, invalidRequest('not a bearer token')],
    ['a bad token', bearer('bad'), 401, INVALID_TOKEN],
    [
      'an expired token',
      bearer('expired'),
      401,
      `${INVALID_TOKEN}, error_description="the token has expired"`,
    ],
    ['a verifier that fails', bearer('bug'), 401, INVALID_TOKEN],
  ])('T45: answers %s as RFC 6750 says', async (_, headers, status, challenge) => {
    const app = await start();
    const outcome = await me(app, headers);
    expect({ status: outcome.status, challenge: outcome.challenge }).toEqual({ status, challenge });
    expect(outcome.text).not.toContain(SECRET);
    expect(outcome.text).not.toContain(REASON);
    expect(outcome.text).not.toMatch(/\.ts|node_modules/);
    expect(app.log.text).not.toContain(SECRET);
    app.log.takeErrors();
  });

  it('[A1] says in the log why it has refused a token, and nothing of what it was', async () => {
    const app = await start();
    await me(app, bearer('unknown'));
    expect(app.log.text).toMatch(/The token [0-9a-f]{12} was refused: /);
    await me(app, bearer('token-of-alice'));
    expect(app.log.text.match(/was refused/g)).toHaveLength(1);
  });

  it.each(['?access_token=token-of-alice', '?x=1&access_token=', '?access%5Ftoken=token-of-alice'])(
    'T45: refuses a token in the URL, whatever else is sent: %s',
    async (query) => {
      const app = await start();
      for (const headers of [{}, bearer('token-of-alice')]) {
        const { status, challenge } = await me(app, headers, { query });
        expect({ status, challenge }).toEqual({
          status: 400,
          challenge: invalidRequest('a token does not belong in a URL'),
        });
      }
    },
  );

  it('asks to come again while the issuer cannot be asked', async () => {
    const app = await start();
    const { status, headers, challenge, text } = await me(app, bearer('unavailable'));
    expect(status).toBe(503);
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(challenge).toBeUndefined();
    expect(text).not.toContain(SECRET);
  });

  it.each(['throws', 'nobody'])(
    'lets nobody in when the verifier has a bug (%s), and leaks nothing',
    async (token) => {
      const app = await start();
      const { status, text } = await within('an answer', me(app, bearer(token)));
      expect([401, 500]).toContain(status);
      expect(text).not.toContain(SECRET);
      expect(text).not.toMatch(/\.ts|node_modules/);
      app.log.takeErrors();
    },
  );

  it('T45: challenges HEAD requests as well', async () => {
    const app = await start();
    expect(await me(app, {}, { method: 'HEAD' })).toMatchObject({ status: 401, challenge: BARE, text: '' });
    expect(await me(app, bearer('token-of-alice'), { method: 'HEAD' })).toMatchObject({ status: 200 });
  });

  it('T45: refuses two tokens, of which Node alone would show the first', async () => {
    const app = await start();
    const socket = await RawSocket.open(app.origin);
    socket.write(
      'GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' +
        'Authorization: Bearer token-of-alice\r\nAuthorization: Bearer token-of-bob\r\n\r\n',
    );
    const answer = await within('an answer', socket.readToEnd());
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(invalidRequest('more than one token'));
    socket.destroy();
  });

  it('T51: of two applications in one process asks the verifier of its own', async () => {
    const only = (name: string): TokenVerifier => ({
      verify: (token) =>
        token === `token-for-${name}`
          ? Promise.resolve(principalOf(name))
          : Promise.reject(new TokenError('invalid_token', 'of another application')),
    });
    const [red, blue] = [await start(only('red')), await start(only('blue'))];
    const outcomes = await Promise.all([
      me(red, bearer('token-for-red')),
      me(blue, bearer('token-for-blue')),
      me(red, bearer('token-for-blue')),
      me(blue, bearer('token-for-red')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200, 401, 401]);
    expect(outcomes.slice(0, 2).map(({ text }) => (JSON.parse(text) as CometPrincipal).userId)).toEqual([
      'red',
      'blue',
    ]);
  });

  it('[L1] T68: looks at no more tokens of an address than may be bad, and passes those that are known', async () => {
    const asked: string[] = [];
    const app = await start({
      verify: (token) => {
        asked.push(token);
        return userTokens.verify(token);
      },
    });
    expect(await me(app, bearer('token-of-alice'))).toMatchObject({ status: 200 });
    const flood = await Promise.all(
      Array.from({ length: 60 }, (_, index) => me(app, bearer(`bad-${index}`))),
    );
    expect(asked.filter((token) => token.startsWith('bad'))).toHaveLength(20);
    const limited = flood.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(40);
    for (const { headers, challenge } of limited) {
      expect([headers['retry-after'], challenge]).toEqual(['3', undefined]);
    }
    expect(await me(app, bearer('token-of-alice'))).toMatchObject({ status: 200 });
    expect(await me(app, bearer('token-of-bob'))).toMatchObject({ status: 429 });
    // Push clients are counted apart, in both ways.
    expect(await app.polling('carol').handshake()).toMatchObject({ successful: true });
    app.clock.advance(3_000);
    expect(await me(app, bearer('token-of-bob'))).toMatchObject({ status: 200 });
  });

  it('[L1] T68: answers while tokens of push clients wait to be verified', async () => {
    const app = await start({
      verify: (token) => (token.startsWith('slow') ? new Promise(() => undefined) : userTokens.verify(token)),
    });
    const client = app.polling();
    const slow = Array.from({ length: 40 }, (_, index) =>
      client.askMessages([{ channel: '/meta/handshake', ext: { auth: { token: `slow-${index}` } } }]),
    );
    expect(await within('an answer', me(app, bearer('token-of-alice')))).toMatchObject({ status: 200 });
    for (const request of slow) {
      request.answer.catch(() => undefined);
      request.abort();
    }
  });

  it('is for controllers only: the endpoint has its own way with tokens', async () => {
    const app = await start();
    expect(await app.polling().handshake()).toMatchObject({ error: '401::authentication_required' });
    expect(await app.polling('alice').handshake()).toMatchObject({ successful: true });
  });
});
