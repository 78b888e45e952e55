import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import { Provider } from 'oidc-provider';
import { AUDIENCE, createKey, sign } from '../auth/issuer.fixture.js';
import { CometApp } from '../support/comet-app.js';
import { presenting } from '../support/identity.js';
import { SocketClient } from '../support/socket.client.js';

/** What the provider does at the end of one of its sessions; its types leave it out. */
interface LoggingOut {
  backchannelLogout(subject: string, sid: string): Promise<void>;
}

describe('oidc-provider', () => {
  let server: Server;
  let serve: RequestListener;
  let app: CometApp | undefined;
  beforeEach(async () => {
    server = createServer((request, response) => {
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await app?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('T36: sends logout tokens that are obeyed', async () => {
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = {
      auth: { issuer, audience: AUDIENCE, backchannelLogout: { clientIds: ['portal'], strictType: true } },
      rules: [],
    };
    app = await CometApp.start({ http: 'express', options });
    const key = await createKey('RS256', 'key-1');
    const provider = new Provider(issuer, {
      jwks: { keys: [{ ...(await exportJWK(key.privateKey)), kid: 'key-1', alg: 'RS256', use: 'sig' }] },
      cookies: { keys: ['only a test'] },
      features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
      clients: [
        {
          client_id: 'portal',
          client_secret: 'secret of the portal',
          redirect_uris: ['https://portal.example/callback'],
          backchannel_logout_uri: `${app.url}/backchannel-logout`,
          backchannel_logout_session_required: true,
        },
      ],
      // The provider does not send anything to this host unless it is told how.
      fetch: (url, options = {}) => {
        return fetch(url, { ...options, dispatcher: undefined } as object);
      },
    });
    const answer = provider.callback();
    serve = (request, response) => void answer(request, response);

    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: AUDIENCE, client_id: 'portal', iat: now, exp: now + 60 };
    const [alice, bob] = [new SocketClient({ url: app.url }), new SocketClient({ url: app.url })];
    await alice.join(presenting(await sign(key, { ...claims, sub: 'alice', sid: 'one', jti: '1' })));
    await bob.join(presenting(await sign(key, { ...claims, sub: 'bob', sid: 'two', jti: '2' })));
    const held = alice.connect();
    const portal = (await provider.Client.find('portal')) as unknown as LoggingOut;
    await portal.backchannelLogout('alice', 'one');
    expect(await held).toMatchObject({ error: '401::session_revoked', advice: { reconnect: 'none' } });
    expect(app.service.counts.sessions).toBe(1);
    await Promise.all([alice.close(), bob.close()]);
  });
});
