import { Controller, Get, Injectable, type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { RawSocket } from '../support/raw-socket.js';
import { NestStage } from './support/nest-stage.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const ISSUER = 'https://login.example.com';
const AUTH = { issuer: ISSUER, resource: 'https://push.example.com/cometd' };

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller('.well-known')
class OtherWellKnown {
  @Get('security.txt')
  security(): string {
    return 'Contact';
  }
}

describe.each(HTTP_KINDS)('protected resource metadata on %s', (http) => {
  const stage = new NestStage();
  const get = (url: string, method = 'GET') => ask(url, { method, body: '' }).answer;

  it('says which issuer tokens come from, at the path of the resource', async () => {
    const auth = { ...AUTH, requiredScopes: ['comet'] };
    const app = await stage.start({ http, options: { auth } });
    const { status, headers, text } = await get(`${app.origin}${WELL_KNOWN}/cometd`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=3600',
    });
    expect(JSON.parse(text)).toEqual({
      resource: 'https://push.example.com/cometd',
      authorization_servers: [ISSUER],
      scopes_supported: ['comet'],
      bearer_methods_supported: ['header'],
    });
  });

  it('T50: says nothing else, whatever is asked and whatever the options hold', async () => {
    const options = {
      auth: { ...AUTH, requiredScopes: ['secret:scope'], scopesSupported: [], userClaim: 'secret' },
      rules: [{ channel: '/secret/**', subscribe: { scope: 'secret:admin' } }],
      trustProxy: ['10.0.0.1'],
    };
    const app = await stage.start({ http, options });
    const { headers, text } = await get(`${app.origin}${WELL_KNOWN}/cometd?verbose=1`);
    expect(text).not.toMatch(/secret|10\.0\.0\.1/);
    expect(Object.keys(JSON.parse(text) as object)).toEqual([
      'resource',
      'authorization_servers',
      'bearer_methods_supported',
    ]);
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('T50: is found at its own path only', async () => {
    const app = await stage.start({ http, options: { auth: AUTH } });
    for (const path of ['', '/', '/cometd/', '/cometd/x', '/cometdx', '/other']) {
      expect((await get(`${app.origin}${WELL_KNOWN}${path}`)).status).toBe(404);
    }
  });

  it('of a whole host is found at the root', async () => {
    const auth = { ...AUTH, resource: 'https://push.example.com' };
    const app = await stage.start({ http, options: { auth } });
    const { status, text } = await get(app.origin + WELL_KNOWN);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ resource: 'https://push.example.com' });
  });

  it('T50: is not there unless the options name the resource', async () => {
    const app = await stage.start({ http });
    for (const path of ['', '/cometd']) {
      expect((await get(`${app.origin}${WELL_KNOWN}${path}`)).status).toBe(404);
    }
  });

  it('needs no token, and heeds neither prefixes nor guards, while its neighbours do', async () => {
    const app = await stage.start({
      http,
      options: { auth: AUTH },
      controllers: [OtherWellKnown],
      providers: [{ provide: APP_GUARD, useClass: Nobody }],
      configure: (application) => application.setGlobalPrefix('api'),
    });
    expect((await get(`${app.origin}${WELL_KNOWN}/cometd`)).status).toBe(200);
    expect((await get(`${app.origin}/api/.well-known/security.txt`)).status).toBe(403);
  });

  it('can be read, and nothing else', async () => {
    const app = await stage.start({ http, options: { auth: AUTH } });
    const url = `${app.origin}${WELL_KNOWN}/cometd`;
    expect(await get(url, 'HEAD')).toMatchObject({ status: 200, text: '' });
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(await get(url, method)).toMatchObject({
        status: 405,
        text: '',
        headers: { allow: 'GET, HEAD' },
      });
    }
    const socket = await RawSocket.open(app.origin);
    socket.write(
      `GET ${WELL_KNOWN}/cometd HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    expect(await socket.readToEnd()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });

  it('is where the endpoint sends clients without a token', async () => {
    const app = await stage.start({ http, options: { auth: AUTH } });
    const body = JSON.stringify([{ channel: '/meta/handshake', version: '1.0' }]);
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(app.url, { headers, body }).answer;
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer resource_metadata="https://push.example.com${WELL_KNOWN}/cometd"`,
    );
  });
});
