import type { AuditEventType, CometAuditEvent } from '../../src/index.js';
import { type Bench, onServer, overEveryTransport, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';

const ADDRESS = '127.0.0.1';

describe('the audit', () => {
  const issuer = withIssuer();
  let events: CometAuditEvent[] = [];

  beforeEach(() => {
    events = [];
  });

  const audit = { record: (event: CometAuditEvent): void => void events.push(event) };
  const of = (type: AuditEventType): CometAuditEvent[] => events.filter((event) => event.type === type);
  const who = (userId: string): unknown => expect.objectContaining({ userId });
  const start = (bench: Bench) =>
    bench.startSecured({ audit, rules: [{ channel: '/news', subscribe: true }] });

  overEveryTransport((bench) => {
    it('tells of handshakes, good and bad, and whose they were', async () => {
      await start(bench);
      await bench.client().handshake(presenting(await bench.token('alice')));
      await bench.client().handshake();
      const forged = bench.secret(await bench.issuer().forge('alice', bench.clock.wallTime()));
      await bench.client().handshake(presenting(forged));
      expect(events).toEqual([
        { type: 'handshake_ok', principal: who('alice'), address: ADDRESS },
        { type: 'handshake_denied', address: ADDRESS, reason: '401::authentication_required' },
        { type: 'handshake_denied', address: ADDRESS, reason: '401::invalid_token' },
      ]);
    });

    it('tells of what was not permitted, and where', async () => {
      await start(bench);
      const token = presenting(await bench.token('alice'));
      const client = await bench.client().join(token);
      await client.subscribe('/news', token);
      await client.subscribe('/user/bob/**', token);
      await client.publish('/news', 'private', token);
      const alice = { type: 'authorization_denied', principal: who('alice'), address: ADDRESS };
      expect(of('authorization_denied')).toEqual([
        { ...alice, channel: '/user/bob/**', reason: '403:denied_by_security_policy:subscribe_denied' },
        { ...alice, channel: '/news', reason: '403:denied_by_not_granting:publish_denied' },
      ]);
      expect(JSON.stringify(events)).not.toContain('private');
    });

    it('tells of an id in wrong hands, and of none that does not exist', async () => {
      await start(bench);
      const victim = await bench.client().join(presenting(await bench.token('alice')));
      const thief = bench.client();
      thief.clientId = 'x'.repeat(32);
      await thief.connect();
      expect(of('client_id_mismatch')).toEqual([]);
      thief.clientId = victim.clientId;
      await thief.connect();
      await thief.connect(presenting(await bench.token('mallory')));
      const alice = { type: 'client_id_mismatch', principal: who('alice'), address: ADDRESS };
      expect(of('client_id_mismatch')).toEqual([
        { ...alice, reason: 'no proof' },
        { ...alice, reason: 'the token of another principal' },
      ]);
      expect(JSON.stringify(events)).not.toContain(victim.clientId);
    });

    it('tells of two tokens at once', async () => {
      await start(bench);
      const [token, other] = [await bench.token('alice'), await bench.token('alice')];
      await bench.client().handshake({ ext: { auth: { token }, token: other } });
      expect(of('multiple_credentials')).toEqual([{ type: 'multiple_credentials', address: ADDRESS }]);
      expect(JSON.stringify(events)).not.toContain(token.split('.')[1]);
    });

    it('tells that an issuer cannot be asked', async () => {
      const { auth } = issuer();
      await bench.start({ audit, auth: { ...auth, issuer: 'http://127.0.0.1:1' } });
      const token = await bench.token('alice', { claims: { iss: 'http://127.0.0.1:1' } });
      await bench.client().turnedAway([{ channel: '/meta/handshake', version: '1.0', ...presenting(token) }]);
      expect(events).toEqual([{ type: 'issuer_unavailable', address: ADDRESS }]);
    });
  }, issuer);

  onServer((bench) => {
    it('T14: tells of a token in the query, over HTTP and of an upgrade', async () => {
      await start(bench);
      const token = await bench.token('alice');
      await bench.polling({}, `?access_token=${token}`).handshake();
      await expect(bench.socket({}, `?token=${token}`).open()).rejects.toMatchObject({ status: 400 });
      const found = { type: 'token_in_query', address: ADDRESS };
      expect(of('token_in_query')).toEqual([found, found]);
      expect(JSON.stringify(events)).not.toContain(token.split('.')[1]);
    });

    it('knows addresses from trusted proxies only', async () => {
      const forwarded = { 'x-forwarded-for': '192.0.2.1' };
      await bench.startSecured({ audit, trustProxy: 1 });
      await bench.polling({ ...forwarded, ...bearer(await bench.token('alice')) }).handshake();
      expect(events).toMatchObject([{ type: 'handshake_ok', address: '192.0.2.1' }]);
    });

    it.each([
      [
        'throws',
        () => {
          throw new TypeError('full of secrets');
        },
      ],
      ['rejects', () => Promise.reject(new TypeError('full of secrets'))],
      ['never settles', () => new Promise(() => undefined)],
    ])('disturbs nothing if it %s', async (how, record) => {
      await bench.startSecured({ audit: { record } });
      const client = await bench.polling().join(presenting(await bench.token('alice')));
      expect(await client.subscribe('/news')).toMatchObject({ successful: false });
      await bench.socket().join(presenting(await bench.token('bob')));
      const errors = bench.app.log.takeErrors();
      expect(errors).toHaveLength(how === 'never settles' ? 0 : 1);
      expect(errors.join()).not.toContain('secrets');
    });
  }, issuer);
});
