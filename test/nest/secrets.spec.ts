import type { OutgoingHttpHeaders } from 'node:http';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { type CometAuditEvent, CometGateway, CometOAuthGuard, RequireScopes } from '../../src/index.js';
import { CometPushModule } from '../../src/push/index.js';
import { withIssuer } from '../support/bench.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';
import { RawSocket } from '../support/raw-socket.js';
import { UpgradeRefused } from '../support/socket.client.js';
import type { TokenChanges } from '../support/token-issuer.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

@UseGuards(CometOAuthGuard)
@RequireScopes('reports')
@Controller('reports')
class ReportController {
  @Get()
  list(): string {
    return 'reports';
  }
}

@CometGateway()
class FailingGateway {
  @SubscribeMessage('/service/fail')
  fail(@MessageBody() data: unknown): never {
    throw new TypeError(`cannot read ${typeof data}`);
  }
}

const ORIGIN = 'https://portal.example.com';
const AT_ONCE = { advice: { timeout: 0 } };

/** Everything that was secret in a conversation, and must be found nowhere. */
class Secrets {
  readonly #found = new Set<string>();

  /** The parts of a token by themselves too: a payload tells as much as the whole. */
  token(token: string): string {
    for (const part of [token, ...token.split('.').slice(1)]) this.#found.add(part);
    return token;
  }

  add(secret: string | undefined): void {
    if (secret !== undefined && secret !== '') this.#found.add(secret);
  }

  /** Those of them that a text holds. */
  in(text: string): string[] {
    return [...this.#found].filter((secret) => text.includes(secret));
  }

  get size(): number {
    return this.#found.size;
  }
}

describe.each(HTTP_KINDS)('secrets on %s', (http) => {
  const issuer = withIssuer();
  const stage = new NestStage();
  const secrets = new Secrets();
  const events: CometAuditEvent[] = [];

  const start = (): Promise<NestApp> =>
    stage.start({
      http,
      options: {
        auth: { ...issuer().auth, anonymous: false },
        origins: [ORIGIN],
        rules: [{ channel: '/news', subscribe: true, publish: true }],
        limits: { refreshes: 2 },
        session: { timeout: 0 },
        audit: { record: (event) => events.push(event) },
      },
      imports: [CometPushModule.register()],
      controllers: [ReportController],
      providers: [FailingGateway],
    });

  const mint = async (app: NestApp, user: string, changes?: TokenChanges): Promise<string> =>
    secrets.token(await issuer().mint(user, app.clock.wallTime(), changes));

  const get = (app: NestApp, path: string, headers: OutgoingHttpHeaders = {}) =>
    ask(app.origin + path, { method: 'GET', headers, body: '' }).answer;

  const remember = (client: BayeuxClient): void => {
    for (const { clientId } of client.received) secrets.add(clientId);
  };

  /** Whatever a client can do, right and wrong. */
  async function converse(app: NestApp, make: () => BayeuxClient): Promise<void> {
    const token = await mint(app, 'alice');
    const client = await make().join(presenting(token));
    remember(client);
    await client.subscribe('/news', presenting(token));
    await client.publish('/news', 'hello', { ext: { auth: { token }, token, access_token: token } });
    await client.publish('/service/fail', { token });
    await client.subscribe('/user/bob/**');
    for (const user of ['alice', 'alice', 'alice', 'mallory']) {
      await client.connect({ ...AT_ONCE, ...presenting(await mint(app, user)) });
    }
    const expired = await mint(app, 'alice', { expiresIn: -60 });
    const forged = secrets.token(await issuer().forge('alice', app.clock.wallTime()));
    const unheard = await mint(app, 'alice', { claims: { aud: 'somebody else', sub: 7 } });
    const tooLong = secrets.token(`${'a'.repeat(9_000)}.b${'c'.repeat(50)}.${'d'.repeat(50)}`);
    for (const bad of [expired, forged, unheard, tooLong, `${token}x`]) {
      await make().handshake(presenting(bad));
      await client.connect({ ...AT_ONCE, ...presenting(bad) });
    }
    await make().handshake({ ext: { auth: { token }, token: forged } });
    await make().handshake({ ext: { auth: [token], authentication: { user: 'alice', credentials: token } } });
    const thief = make();
    thief.clientId = client.clientId;
    await thief.connect(presenting(await mint(app, 'mallory')));
    await thief.disconnect();
    app.service.disconnect('alice');
    await client.connect(presenting(token));
  }

  async function visit(app: NestApp): Promise<void> {
    const good = await mint(app, 'alice', { claims: { scope: 'reports' } });
    const poor = await mint(app, 'alice');
    const expired = await mint(app, 'alice', { expiresIn: -60 });
    for (const token of [good, poor, expired, `${good}x`]) await get(app, '/reports', bearer(token));
    await get(app, `/reports?access_token=${good}`);
    await get(app, `/cometd?access_token=${good}`, { cookie: `BAYEUX_BROWSER=${good}` });
    const service = { client_id: 'billing', scope: 'comet:publish' };
    const pushing = await mint(app, 'billing', { claims: service });
    for (const [channel, token] of [
      ['/news', pushing],
      ['/else', pushing],
      ['/news', good],
    ] as const) {
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'k', ...bearer(token) };
      await ask(`${app.origin}/push`, { headers, body: JSON.stringify({ channel, data: token }) }).answer;
      await ask(`${app.origin}/push`, { headers, body: `{"channel":"${token}",` }).answer;
    }
  }

  async function knock(app: NestApp): Promise<void> {
    const token = await mint(app, 'alice');
    const headers = { 'content-type': 'application/json', ...bearer(token) };
    const handshake = '[{"channel":"/meta/handshake","version":"1.0"}]';
    const { headers: answered } = await ask(app.url, { headers, body: handshake }).answer;
    const cookie = answered['set-cookie']?.[0]?.split(';')[0];
    secrets.add(cookie?.split('=')[1]);
    for (const body of [`[{"token":"${token}"`, token, handshake]) {
      await ask(app.url, { headers: { ...headers, cookie, origin: 'https://evil.example' }, body }).answer;
      await ask(`${app.url}?token=${token}`, { headers: { ...headers, cookie }, body }).answer;
    }
    for (const suffix of [`?access_token=${token}`, `/${token}`]) {
      const socket = app.socket();
      await socket.open({ ...bearer(token), cookie: cookie ?? '' }, suffix).catch((error: unknown) => {
        expect(error).toBeInstanceOf(UpgradeRefused);
      });
    }
    const raw = await RawSocket.open(app.origin);
    raw.write(
      `POST /cometd?access_token=${token} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\nx`,
    );
    await raw.readToEnd();
    raw.destroy();
  }

  it('T49: of a whole conversation are in no line of the log, and in no event of the audit', async () => {
    const app = await start();
    await converse(app, () => app.socket());
    app.clock.advance(60_000);
    await converse(app, () => app.polling());
    app.clock.advance(60_000);
    await visit(app);
    await knock(app);
    await issuer().close();
    app.clock.advance(600_000);
    await app
      .polling()
      .turnedAway([{ channel: '/meta/handshake', version: '1.0', ...presenting(await mint(app, 'alice')) }]);
    await issuer().reopen();
    app.clock.advance(600_000);

    expect(secrets.size).toBeGreaterThan(60);
    expect(secrets.in(app.log.text)).toEqual([]);
    expect(secrets.in(JSON.stringify(events))).toEqual([]);
    // The log did tell of what went wrong.
    expect(app.log.text).toMatch(/debug .*refused/);
    expect(app.log.text).toMatch(/warn .*refused/);
    expect(new Set(events.map(({ type }) => type)).size).toBeGreaterThan(9);
    app.log.takeErrors();
  });
});
