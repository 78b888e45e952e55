import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BackchannelLogout } from '../../src/auth/backchannel-logout.js';
import { LogoutTokenVerifier } from '../../src/auth/logout-token.verifier.js';
import { NO_AUDIT } from '../../src/bayeux/audit.js';
import { LogoutEndpoint } from '../../src/transports/logout.endpoint.js';
import { PendingBodies } from '../../src/transports/pending-bodies.js';
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transports/transport-options.js';
import {
  AUDIENCE,
  base64url,
  createKey,
  JWKS_PATH,
  optionsFor,
  sign,
  TestClock,
  TestIssuer,
  TestLogger,
} from '../auth/issuer.fixture.js';
import { VirtualClock } from '../bayeux/support/virtual.clock.js';
import { ask, type HttpAnswer } from '../support/http.js';
import { LOGOUT_EVENT } from '../support/logout.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const FORM = 'application/x-www-form-urlencoded';
/** Logout tokens of one network that may wait for keys. */
const WAITING = 1_000;

describe('the logout endpoint', () => {
  let issuer: TestIssuer;
  let server: Server;
  let attacker: RawSocket | undefined;

  afterEach(async () => {
    attacker?.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await issuer.close();
  });

  it('[L4] T71 obeys a good token while as many bad ones wait for keys as may', async () => {
    const clock = new TestClock();
    const logger = new TestLogger();
    const key = await createKey('ES256', 'known');
    issuer = await new TestIssuer().open([key.jwk]);
    const revoked: unknown[] = [];
    const logout = new BackchannelLogout(
      new LogoutTokenVerifier(
        [optionsFor(issuer.url)],
        { clientIds: [AUDIENCE], strictType: true, fallbackToSub: false },
        logger,
        clock,
      ),
      { revoke: (revocation) => ({ sessions: revoked.push(revocation) }) },
      { keptFor: { login: 60_000, token: 60_000 }, fallbackToSub: false, clock },
    );
    const endpoint = new LogoutEndpoint(DEFAULT_TRANSPORT_OPTIONS, logout, {
      audit: NO_AUDIT,
      logger,
      now: () => clock.now(),
    });
    const bodies = new PendingBodies(DEFAULT_TRANSPORT_OPTIONS.bodies, new VirtualClock());
    let served = 0;
    server = createServer((request, response) => {
      served++;
      endpoint.serve({ request, response, address: '192.0.2.1', bodies });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const post = (token: string): Promise<HttpAnswer> =>
      ask(url, { method: 'POST', body: `logout_token=${token}`, headers: { 'content-type': FORM } }).answer;
    const claims = { iss: issuer.url, aud: AUDIENCE, iat: clock.seconds, events: { [LOGOUT_EVENT]: {} } };
    const good = (sid: string): Promise<string> =>
      sign(key, { ...claims, jti: sid, sid }, { typ: 'logout+jwt' });
    expect(await post(await good('first'))).toMatchObject({ status: 200 });

    // From here on the issuer does not answer, and the tokens name a key that nobody knows.
    clock.advance(60_000);
    const asked: ServerResponse[] = [];
    issuer.routes.set(JWKS_PATH, (_request, response) => void asked.push(response));
    const madeUp =
      `${base64url({ alg: 'ES256', typ: 'logout+jwt', kid: 'made-up' })}.` +
      `${base64url({ ...claims, iat: clock.seconds, jti: 'x', sid: 'x' })}.${base64url('x'.repeat(64))}`;
    const body = `logout_token=${madeUp}`;
    const request = `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    attacker = await RawSocket.open(url);
    served = 0;
    attacker.write(request.repeat(WAITING));
    await until('all to wait', () => served === WAITING && asked.length > 0);
    expect(await post(madeUp)).toMatchObject({ status: 503 });
    expect(await post(await good('second'))).toMatchObject({ status: 200 });
    expect(revoked).toHaveLength(2);
  });
});
