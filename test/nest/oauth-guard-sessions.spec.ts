import { once } from 'node:events';
import { Controller, type ExecutionContext, Get, Injectable, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import {
  CometAdminModule,
  type CometAuditEvent,
  CometGateway,
  CometOAuthGuard,
  type CometPrincipal,
  CometPublic,
  OnChannel,
  OnPublish,
  OnSubscribe,
  RequireKind,
  RequireScopes,
  TokenError,
} from '../../src/index.js';
import { CometPushModule } from '../../src/push/index.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';
import { within } from '../support/until.js';
import { type NestApp, type NestAppSettings, NestStage } from './support/nest-stage.js';
import { scopedTokens } from './support/scoped-tokens.js';

const bare = (): void => undefined;

/** A gateway and a controller that ask for scopes, and are guarded as a test wants it. */
function desk({
  type = bare,
  method = bare,
}: { type?: ClassDecorator; method?: MethodDecorator } = {}): NestAppSettings {
  @type
  @CometGateway()
  class DeskGateway {
    @method
    @RequireScopes('desk')
    @SubscribeMessage('/service/desk')
    call(): string {
      return 'desk';
    }

    @method
    @RequireKind('service')
    @SubscribeMessage('/service/services')
    services(): string {
      return 'services';
    }

    @method
    @RequireScopes('desk')
    @OnPublish('/desk/{name}')
    publish(): void {
      /* empty */
    }

    @method
    @RequireScopes('desk')
    @OnSubscribe('/desk/{name}')
    subscribe(): void {
      /* empty */
    }

    @method
    @RequireScopes('desk')
    @OnChannel('/heard')
    hear(): void {
      /* empty */
    }
  }

  @type
  @Controller('desk')
  class DeskController {
    @method
    @RequireScopes('desk')
    @Get()
    get(): string {
      return 'desk';
    }
  }
  const auth = { anonymous: true, verifier: scopedTokens };
  return { options: { auth }, providers: [DeskGateway], controllers: [DeskController] };
}

const insufficient = {
  successful: false,
  error: '403::insufficient_scope',
  ext: { details: { scopes: ['desk'] } },
};
const unauthenticated = { successful: false, error: '401::authentication_required' };

async function get(app: NestApp, path: string, token?: string): Promise<number> {
  return (
    await ask(`${app.origin}${path}`, {
      method: 'GET',
      headers: token === undefined ? {} : bearer(token),
      body: '',
    }).answer
  ).status;
}

/** What a client is told of each operation, in their order. */
async function operations(client: ReturnType<NestApp['socket']> | ReturnType<NestApp['polling']>) {
  const { reply } = await client.call('/service/desk', {});
  const told = [
    reply,
    await client.publish('/desk/a', 1),
    await client.subscribe('/desk/a'),
    await client.publish('/heard', 1),
  ];
  return told.map(({ successful, error, ext }) =>
    successful ? { successful } : { successful, error, ...(ext ? { ext } : {}) },
  );
}

describe('CometOAuthGuard in Bayeux sessions', () => {
  const stage = new NestStage();

  const SETTINGS: [string, () => NestAppSettings][] = [
    [
      'as APP_GUARD',
      () => {
        const settings = desk();
        const guard = { provide: APP_GUARD, useClass: CometOAuthGuard };
        return { ...settings, providers: [...(settings.providers ?? []), guard] };
      },
    ],
    [
      'by useGlobalGuards',
      () => {
        const settings = desk();
        return {
          ...settings,
          providers: [...(settings.providers ?? []), CometOAuthGuard],
          configure: (app) => app.useGlobalGuards(app.get(CometOAuthGuard)),
        };
      },
    ],
    ['on classes', () => desk({ type: UseGuards(CometOAuthGuard) })],
    ['on methods', () => desk({ method: UseGuards(CometOAuthGuard) })],
  ];

  it.each(SETTINGS)('[G1] judges principals %s, and requests of controllers', async (_, settings) => {
    const app = await stage.start(settings());
    for (const open of [() => app.socket(), () => app.polling()]) {
      const good = await open().join(presenting('alice.desk'));
      expect(await operations(good)).toEqual(Array(4).fill({ successful: true }));
      expect((await good.call('/service/services', {})).reply).toMatchObject({
        error: '403::insufficient_scope',
        ext: { details: { kind: 'service' } },
      });
      const lacking = await open().join(presenting('alice.other'));
      expect(await operations(lacking)).toEqual(Array(4).fill(insufficient));
      const nobody = await open().join();
      expect(await operations(nobody)).toEqual(Array(4).fill(unauthenticated));
    }
    expect(await get(app, '/desk', 'alice.desk')).toBe(200);
    expect(await get(app, '/desk', 'alice.other')).toBe(403);
    expect(await get(app, '/desk')).toBe(401);
  });

  it('[G1] judges handshakes, and leaves to @CometPublic what it opens', async () => {
    @RequireScopes('desk')
    @CometGateway()
    class HandshakeGateway {
      handleConnection(): void {
        /* empty */
      }

      @CometPublic()
      @SubscribeMessage('/service/open')
      open(): string {
        return 'open';
      }
    }

    @CometPublic()
    @Controller('open')
    class OpenController {
      @Get()
      get(): string {
        return 'open';
      }

      @RequireScopes('desk')
      @Get('guarded')
      guarded(): string {
        return 'guarded';
      }
    }
    const audit: CometAuditEvent[] = [];
    const app = await stage.start({
      options: {
        ...desk().options,
        rules: [{ channel: '/news', publish: { kind: 'service' } }],
        audit: { record: (event) => void audit.push(event) },
      },
      imports: [CometAdminModule.forRoot(), CometPushModule.register()],
      providers: [HandshakeGateway, { provide: APP_GUARD, useClass: CometOAuthGuard }],
      controllers: [OpenController],
    });
    for (const open of [() => app.socket(), () => app.polling()]) {
      expect(await open().handshake(presenting('alice.other'))).toMatchObject(insufficient);
      expect(await open().handshake()).toMatchObject(unauthenticated);
      const client = await open().join(presenting('alice.desk'));
      expect((await client.call('/service/open', {})).answers).toEqual(['open']);
    }
    expect([await get(app, '/open'), await get(app, '/open/guarded')]).toEqual([200, 401]);
    expect(await get(app, '/open/guarded', 'alice.desk')).toBe(200);
    // The controllers of the library work on under their own guards.
    const post = async (path: string, token: string, body: object) => {
      const headers = { ...bearer(token), 'content-type': 'application/json' };
      return (await ask(app.origin + path, { method: 'POST', headers, body: JSON.stringify(body) }).answer)
        .status;
    };
    const push = { channel: '/news', data: 1 };
    expect(await post('/push', 'service/billing.comet+publish', push)).toBe(202);
    expect(await post('/push', 'alice.comet+publish', push)).toBe(403);
    expect(audit.filter(({ type }) => type === 'push_denied')).toHaveLength(1);
    expect(await post('/comet/admin/revoke', 'alice.comet+admin', { userId: 'bob' })).toBe(200);
    expect(await post('/comet/admin/revoke', 'alice.desk', { userId: 'bob' })).toBe(403);
  });

  it('[G1] refuses a session whose token has expired, with whatever grace it still has', async () => {
    const settings = desk({ type: UseGuards(CometOAuthGuard) });
    let expiresAt = Infinity;
    const app = await stage.start({
      ...settings,
      options: {
        auth: {
          verifier: {
            verify: async (token) => ({ ...(await scopedTokens.verify(token)), expiresAt }),
          },
        },
      },
    });
    expiresAt = app.clock.wallTime() + 5_000;
    const client = await app.socket().join(presenting('alice.desk'));
    expect((await client.call('/service/desk', {})).reply).toMatchObject({ successful: true });
    app.clock.advance(6_000);
    expect((await client.call('/service/desk', {})).reply).toMatchObject({ error: '401::token_expired' });
  });

  it('[G1] asks handleRequest of a subclass, whose refusal holds, also one that comes late', async () => {
    @Injectable()
    class AliceGuard extends CometOAuthGuard {
      override handleRequest<User = CometPrincipal>(
        error: unknown,
        user: User | false | null | undefined,
        info: unknown,
        context: ExecutionContext,
      ): User {
        const admitted = super.handleRequest(error, user, info, context);
        const { userId } = admitted as CometPrincipal;
        if (userId === 'carol') return Promise.reject(new TokenError('invalid_token', 'late')) as User;
        if (userId === 'dave') return undefined as User;
        if (userId !== 'alice') throw new TypeError('hunter2');
        return admitted;
      }
    }
    const app = await stage.start(desk({ type: UseGuards(AliceGuard) }));
    const reply = async (user: string) =>
      (await (await app.socket().join(presenting(`${user}.desk`))).call('/service/desk', {})).reply;
    expect(await reply('alice')).toMatchObject({ successful: true });
    expect(await reply('bob')).toMatchObject({ error: '500::service_failed' });
    expect(await reply('carol')).toMatchObject({ successful: false });
    expect(await reply('dave')).toMatchObject(unauthenticated);
    app.log.takeErrors();
  });

  it('[G1] refuses in gateways of other clients, with a sentence that says what to do', async () => {
    @UseGuards(CometOAuthGuard)
    @WebSocketGateway({ path: '/plain' })
    class PlainGateway {
      @SubscribeMessage('double')
      double(): unknown {
        return { event: 'doubled', data: 2 };
      }
    }
    const app = await stage.start({ providers: [PlainGateway] });
    const socket = new WebSocket(`${app.origin.replace('http', 'ws')}/plain`);
    await within('the plain socket to open', once(socket, 'open'));
    for (let time = 0; time < 2; time++) {
      const answer = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(JSON.stringify({ event: 'double', data: 1 }));
      const [text] = await within('an answer', answer);
      expect(String(text)).toContain('mark the handler with @CometPublic() and bind a guard of your own');
    }
    expect(app.log.text.match(/PlainGateway.double refuses everybody/g)).toHaveLength(1);
    socket.terminate();
  });

  it('[G1] lets the sessions of the server itself pass', async () => {
    const app = await stage.start(desk({ type: UseGuards(CometOAuthGuard) }));
    const session = app.service.openSession('clock');
    await expect(session.call('/service/desk', {})).resolves.toEqual(['desk']);
    session.disconnect();
  });
});

describe('RequireScopes and RequireKind', () => {
  const stage = new NestStage();

  it('[G3] add up on one target, and on a class that extends another', async () => {
    @RequireScopes('a')
    class Base {}

    @UseGuards(CometOAuthGuard)
    @RequireScopes('b')
    @RequireScopes('c')
    @Controller('stacked')
    class StackedController extends Base {
      @RequireKind('user')
      @RequireKind('service')
      @Get('none')
      none(): string {
        return 'none';
      }

      @Get()
      get(): string {
        return 'all';
      }
    }
    const app = await stage.start({ ...desk(), providers: [], controllers: [StackedController] });
    for (const token of ['alice.a.b', 'alice.b.c', 'alice.a.c']) {
      expect(await get(app, '/stacked', token)).toBe(403);
    }
    expect(await get(app, '/stacked', 'alice.a.b.c')).toBe(200);
    expect(await get(app, '/stacked/none', 'alice.a.b.c')).toBe(403);
    expect(await get(app, '/stacked/none', 'service/x.a.b.c')).toBe(403);
  });

  it.each<[string, () => void]>([
    ['a property', () => (RequireScopes('a') as PropertyDecorator)({}, 'handleConnection')],
    [
      'an accessor',
      () => RequireScopes('a')({}, 'get', { get: () => 1 } as TypedPropertyDescriptor<unknown>),
    ],
    ['a static method', () => RequireKind('user')(class Some {}, 'get', { value: () => 1 })],
  ])('[G3] are refused on %s, where no guard would see them', (_, decorate) => {
    expect(decorate).toThrow('is for classes and their methods');
  });

  it('[G3] a kind that is none is refused', () => {
    expect(() => RequireKind('admin' as 'user')).toThrow("@RequireKind('user')");
  });
});
