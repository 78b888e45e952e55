import type { CometAuditEvent, CometModuleOptions, CometPrincipal, TokenVerifier } from '../../src/index.js';
import { AuthUnavailableError, TokenError } from '../../src/index.js';
import { answerJson, AUDIENCE, TestIssuer } from '../auth/issuer.fixture.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import type { Members } from '../support/message.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };
const LIMIT = 5;
const ATTEMPTS = 25;

/** Counts the tokens that it is shown. Those of users are called `user-…`; of `down-…` nothing can be told. */
class CountingVerifier implements TokenVerifier {
  readonly asked: string[] = [];

  verify(token: string): Promise<CometPrincipal> {
    this.asked.push(token);
    if (token.startsWith('down-')) return Promise.reject(new AuthUnavailableError('test'));
    const [, user] = /^user-(\w+)/.exec(token) ?? [];
    if (user === undefined) return Promise.reject(new TokenError('invalid_token', 'test'));
    return Promise.resolve({
      ...{ kind: 'user', tenant: '', userId: user, identity: user, issuer: 'test', subject: user },
      ...{ serviceId: null, clientId: null, scopes: [], tokenRef: token },
    } as CometPrincipal);
  }

  /** How many tokens it was shown that begin like this. */
  count(prefix: string): number {
    return this.asked.filter((token) => token.startsWith(prefix)).length;
  }
}

interface Attempt {
  readonly message: Members;
  readonly headers?: Record<string, string>;
}

const STRANGER = { clientId: 'a-session-of-nobody' };
const WAYS: readonly [string, (token: string) => Attempt][] = [
  [
    'handshakes',
    (token) => ({ message: { channel: '/meta/handshake', version: '1.0', ...presenting(token) } }),
  ],
  [
    'connects',
    (token) => ({
      message: { channel: '/meta/connect', connectionType: 'x', ...STRANGER, ...presenting(token) },
    }),
  ],
  [
    'subscribes',
    (token) => ({
      message: { channel: '/meta/subscribe', subscription: '/a', ...STRANGER, ...presenting(token) },
    }),
  ],
  ['publishes', (token) => ({ message: { channel: '/a', data: 1, ...STRANGER, ...presenting(token) } })],
  [
    'calls of /service/comet/auth',
    (token) => ({ message: { channel: '/service/comet/auth', data: { token }, ...STRANGER } }),
  ],
  [
    'headers',
    (token) => ({
      message: { channel: '/meta/connect', connectionType: 'x', ...STRANGER },
      headers: bearer(token),
    }),
  ],
];

describe('tokens of strangers', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    let verifier: CountingVerifier;
    let events: CometAuditEvent[];

    const start = (changes: Partial<CometModuleOptions> = {}): Promise<unknown> => {
      verifier = new CountingVerifier();
      events = [];
      return bench.start({
        auth: { verifier },
        limits: { badHandshakes: LIMIT },
        trustProxy: 1,
        audit: { record: (event) => void events.push(event) },
        ...changes,
      });
    };
    const at = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
    const limited = () =>
      bench.transport === 'websocket'
        ? { code: 1013, reason: 'too many attempts' }
        : { status: 429, text: '', retryAfter: '5' };

    /** Presents so many tokens, all at once, of which none is good. */
    async function flood(
      way: (token: string) => Attempt,
      addressOf: (attempt: number) => string = () => '192.0.2.1',
      prefix = 'bad',
    ): Promise<void> {
      const attempts = Array.from({ length: ATTEMPTS }, (_, attempt) => {
        const { message, headers } = way(`${prefix}-${attempt}`);
        return bench
          .client({ ...at(addressOf(attempt)), ...headers })
          .send([{ id: '1', ...message }])
          .catch(() => undefined);
      });
      await Promise.all(attempts);
    }

    it.each(WAYS)('[L1] T68: in %s are not looked at past so many bad ones of an address', async (_, way) => {
      await start();
      const alice = await bench.client(at('192.0.2.1')).join(presenting('user-alice'));
      await flood(way);
      expect(verifier.count('bad')).toBe(LIMIT);
      expect(events.filter(({ type }) => type === 'rate_limited')).toHaveLength(ATTEMPTS - LIMIT);
      // Another address, a session behind the same, and its token that is known.
      await bench.client(at('192.0.2.2')).join(presenting('user-bob'));
      expect(await alice.connect(AT_ONCE)).toMatchObject({ successful: true });
      expect(await alice.connect({ ...AT_ONCE, ...presenting('user-alice') })).toMatchObject({
        successful: true,
      });
      const again = bench.client(at('192.0.2.1'));
      expect(await again.handshake(presenting('user-alice'))).toMatchObject({ successful: true });
      // A token that nobody knows has to wait there.
      const newcomer = bench.client(at('192.0.2.1'));
      const { message } = way('user-carol');
      const greeting = { ...message, channel: '/meta/handshake', ...presenting('user-carol') };
      expect(await newcomer.turnedAway([greeting])).toEqual(limited());
      expect(verifier.count('user-carol')).toBe(0);
      bench.clock.advance(60_000 / LIMIT);
      await bench.client(at('192.0.2.1')).join(presenting('user-carol'));
    });

    it('[L1] T68: in headers are turned away before anything else of the request is looked at', async () => {
      await start();
      const [, connects] = WAYS[1] ?? [];
      if (connects) await flood(connects);
      const stranger = { ...at('192.0.2.1'), ...bearer('user-carol') };
      const tooMany = { status: 429, headers: { 'retry-after': '5' } };
      if (bench.transport === 'websocket') {
        await expect(bench.socket(stranger).open()).rejects.toMatchObject(tooMany);
        await bench.socket({ ...at('192.0.2.2'), ...bearer('user-carol') }).open();
      } else {
        expect(await bench.polling(stranger).post('no JSON').answer).toMatchObject(tooMany);
        expect(await bench.polling(at('192.0.2.1')).post('no JSON').answer).toMatchObject({ status: 400 });
      }
      expect(verifier.count('user-carol')).toBe(0);
    });

    it('[L1] T68: are counted once for a network of IPv6, whatever address in it they come from', async () => {
      await start();
      const [, connects] = WAYS[1] ?? [];
      if (connects) await flood(connects, (attempt) => `2001:db8:1:1::${attempt.toString(16)}`);
      expect(verifier.count('bad')).toBe(LIMIT);
      await bench.client(at('2001:db8:1:2::1')).join(presenting('user-bob'));
    });

    it('[L1] T68: of which nothing can be told are bounded as well', async () => {
      await start({ limits: { badHandshakes: 1 } });
      const [, connects] = WAYS[1] ?? [];
      if (connects) await flood(connects, undefined, 'down');
      expect(verifier.count('down')).toBe(10);
      await bench.client(at('192.0.2.2')).join(presenting('user-bob'));
    });

    it('[L1] T68: keep no session from renewing its token, which has proven itself otherwise', async () => {
      await start();
      const alice = bench.client(at('192.0.2.1'));
      await alice.join(presenting('user-alice-1'));
      const [, connects] = WAYS[1] ?? [];
      if (connects) await flood(connects);
      const renewed = await alice.connect({ ...AT_ONCE, ...presenting('user-alice-2') });
      expect(renewed).toMatchObject({ successful: true });
      // It has attempts of its own, and they end.
      const outcomes: unknown[] = [];
      for (let attempt = 0; attempt < LIMIT; attempt++) {
        outcomes.push((await alice.connect({ ...AT_ONCE, ...presenting(`worse-${attempt}`) })).error);
      }
      expect(outcomes).toEqual(Array.from({ length: LIMIT }, () => '401::invalid_token'));
      const { clientId } = alice;
      const message = { channel: '/meta/connect', clientId, connectionType: bench.transport };
      expect(await alice.turnedAway([{ ...message, ...presenting('user-alice-3') }])).toEqual(limited());
      expect(verifier.count('user-alice-3')).toBe(0);
    });

    it('[L1] T68: count for their user, however many sessions it begins', async () => {
      await start();
      for (let session = 0; session < 3; session++) {
        const mallory = bench.client(at('192.0.2.1'));
        await mallory.join(presenting('user-mallory'));
        for (let attempt = 0; attempt < LIMIT; attempt++) {
          const { clientId } = mallory;
          const message = { channel: '/meta/connect', clientId, connectionType: bench.transport };
          await mallory
            .send([{ ...message, ...AT_ONCE, ...presenting(`bad-${session}-${attempt}`) }])
            .catch(() => undefined);
        }
      }
      expect(verifier.count('bad')).toBe(LIMIT);
    });
  });
});

describe('tokens that an issuer has to be asked about', () => {
  over(['websocket'], (bench) => {
    let issuer: TestIssuer;
    let asked: string[];
    let held: (() => void)[] | undefined;

    beforeEach(async () => {
      [asked, held] = [[], []];
      issuer = await new TestIssuer().open();
      issuer.routes.set('/introspect', (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          const token = new URLSearchParams(body).get('token') ?? '';
          asked.push(token);
          const iat = Date.UTC(2030, 0, 1) / 1_000;
          const claims = {
            iss: issuer.url,
            aud: AUDIENCE,
            sub: token,
            client_id: 'portal',
            iat,
            exp: iat + 3_600,
          };
          const known = token.startsWith('user');
          const reply = (): void => {
            answerJson(known ? { active: true, ...claims } : { active: false })(request, response);
          };
          if (held && !known) held.push(reply);
          else reply();
        });
      });
    });
    afterEach(() => issuer.close());

    it('[L1] T68: of one network keep no other from its login, though the issuer is slow', async () => {
      const introspection = {
        ...{ clientId: 'comet', clientSecret: 'secret', endpoint: `${issuer.url}/introspect` },
        concurrency: 8,
      };
      await bench.start({
        auth: { issuer: issuer.url, audience: AUDIENCE, strategy: 'introspection', introspection },
        rules: [],
        trustProxy: 1,
      });
      const flood = Array.from({ length: 60 }, (_, attempt) =>
        bench
          .client({ 'x-forwarded-for': '192.0.2.1' })
          .handshake(presenting(`random-${attempt}`))
          .catch(() => undefined),
      );
      await until('the issuer to be busy', () => held?.length === 6);
      for (let user = 0; user < 7; user++) {
        await bench.client({ 'x-forwarded-for': `192.0.2.${100 + user}` }).join(presenting(`user${user}`));
      }
      expect(asked.filter((token) => token.startsWith('random'))).toHaveLength(6);
      const replies = held ?? [];
      held = undefined;
      for (const reply of replies) reply();
      await Promise.all(flood);
      expect(asked.filter((token) => token.startsWith('random'))).toHaveLength(20);
    });
  });
});
