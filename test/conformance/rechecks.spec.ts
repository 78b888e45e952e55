import type { CometAuditEvent, CometModuleOptions } from '../../src/index.js';
import { answerJson, answerStatus, AUDIENCE, TestIssuer } from '../auth/issuer.fixture.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { until } from '../support/until.js';

const PATH = '/introspect';
const MINUTE = 60_000;
const REVOKED = { successful: false, error: '401::session_revoked', advice: { reconnect: 'none' } };

describe('the token of a session, where its issuer is asked', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    let issuer: TestIssuer;
    let asked: string[];
    let events: CometAuditEvent[];
    const withdrawn = new Set<string>();

    beforeEach(async () => {
      [asked, events] = [[], []];
      withdrawn.clear();
      issuer = await new TestIssuer().open();
      answering();
    });
    afterEach(() => issuer.close());

    /** The issuer knows tokens of the form `token-<user>-<number>`, of which higher ones are newer. */
    function answering(): void {
      issuer.routes.set(PATH, (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          const token = new URLSearchParams(body).get('token') ?? '';
          asked.push(token);
          const [, sub, number] = token.split('-');
          const iat = Date.UTC(2030, 0, 1) / 1_000 + Number(number);
          const claims = { iss: issuer.url, aud: AUDIENCE, sub, client_id: 'portal', iat, exp: iat + 3_600 };
          answerJson(withdrawn.has(token) ? { active: false } : { active: true, ...claims })(
            request,
            response,
          );
        });
      });
    }

    const start = (changes: { recheck?: number } = {}) => {
      const introspection = {
        ...{ clientId: 'comet', clientSecret: 'secret', endpoint: issuer.url + PATH, maxTtl: 0 },
        ...changes,
      };
      const auth = {
        issuer: issuer.url,
        audience: AUDIENCE,
        strategy: 'introspection' as const,
        introspection,
      };
      const times = { timeout: 60 * MINUTE, maxInterval: 60 * MINUTE };
      const options: Partial<CometModuleOptions> = {
        ...{ auth, session: times, rules: [] },
        audit: { record: (event) => void events.push(event) },
      };
      return bench.start(options);
    };
    const join = (token: string): Promise<BayeuxClient> =>
      bench.client().join(presenting(bench.secret(token)));
    const askedAbout = (token: string): number => asked.filter((other) => other === token).length;
    const sessionsOf = (user: string): number => bench.app.service.sessions(user).length;

    it('that was withdrawn ends its session, which is told so', async () => {
      await start();
      const [alice, bob] = [await join('token-alice-1'), await join('token-bob-1')];
      const held = await bench.hold(alice);
      await bench.app.service.sendMessage('bob', '/x', 1);
      await bob.catchUp();
      withdrawn.add('token-alice-1');
      bench.clock.advance(4 * MINUTE);
      expect(asked).toHaveLength(2);
      bench.clock.advance(2 * MINUTE);
      expect(await held.reply).toMatchObject(REVOKED);
      await until('the other one to be asked about', () => askedAbout('token-bob-1') === 2);
      expect([sessionsOf('alice'), sessionsOf('bob')]).toEqual([0, 1]);
      const [revoked] = events.filter(({ type }) => type === 'session_revoked');
      expect(revoked).toMatchObject({
        principal: { userId: 'alice' },
        reason: expect.stringContaining('withdrawn') as string,
      });
    });

    it('goes on while its issuer cannot be asked, and is asked about again', async () => {
      await start();
      await join('token-alice-1');
      issuer.routes.set(PATH, answerStatus(500));
      bench.clock.advance(6 * MINUTE);
      await until('the outage to be seen', () => events.some(({ type }) => type === 'issuer_unavailable'));
      expect(sessionsOf('alice')).toBe(1);
      answering();
      withdrawn.add('token-alice-1');
      bench.clock.advance(6 * MINUTE);
      await until('the session to end', () => sessionsOf('alice') === 0);
    });

    it('may be withdrawn once a newer one has taken its place', async () => {
      await start();
      const alice = await join('token-alice-1');
      bench.clock.advance(4 * MINUTE);
      const newer = presenting(bench.secret('token-alice-2'));
      expect(await alice.connect({ advice: { timeout: 0 }, ...newer })).toMatchObject({ successful: true });
      withdrawn.add('token-alice-1');
      bench.clock.advance(6 * MINUTE);
      await until('the newer one to be asked about', () => askedAbout('token-alice-2') === 2);
      expect(askedAbout('token-alice-1')).toBe(1);
      expect(sessionsOf('alice')).toBe(1);
    });

    it('is asked about as often as one likes, or never', async () => {
      await start({ recheck: 0 });
      await join('token-alice-1');
      withdrawn.add('token-alice-1');
      bench.clock.advance(30 * MINUTE);
      await bench.app.service.sendMessage('alice', '/x', 1);
      expect(askedAbout('token-alice-1')).toBe(1);
      expect(sessionsOf('alice')).toBe(1);
    });
  });
});
