import { Injectable, Scope } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway, type CometSession } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { until } from '../support/until.js';
import { NestStage } from './support/nest-stage.js';

/** Hears of sessions that end, and does with them what a test wants. */
@CometGateway()
class FarewellGateway {
  readonly gone: (string | null)[] = [];
  onDisconnect: (session: CometSession) => unknown = () => undefined;

  handleDisconnect(session: CometSession): unknown {
    this.gone.push(session.userId);
    return this.onDisconnect(session);
  }

  @SubscribeMessage('/service/kick-me')
  kick(@ConnectedSocket() session: CometSession): void {
    session.disconnect();
  }
}

@CometGateway()
class OtherGateway {
  readonly gone: (string | null)[] = [];
  readonly callers = new Map<string | null, CometSession>();

  handleDisconnect({ userId }: CometSession): void {
    this.gone.push(userId);
  }

  @SubscribeMessage('/service/echo')
  echo(@ConnectedSocket() session: CometSession): string {
    this.callers.set(session.userId, session);
    return 'echo';
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerSession {
  static made = 0;
  readonly number = ++PerSession.made;
}

const scopedGone: string[] = [];

@CometGateway()
class ScopedGateway {
  constructor(readonly own: PerSession) {}

  handleDisconnect({ userId }: CometSession): void {
    scopedGone.push(`${String(userId)} ${this.own.number}`);
  }

  @SubscribeMessage('/service/scoped')
  scoped(): number {
    return this.own.number;
  }
}

describe.each(HTTP_KINDS)('handleDisconnect on %s', (http) => {
  const stage = new NestStage();
  const start = async () => {
    const app = await stage.start({ http, providers: [FarewellGateway, OtherGateway] });
    return { app, farewell: app.app.get(FarewellGateway), other: app.app.get(OtherGateway) };
  };

  it('is called once when a client disconnects', async () => {
    const { app, farewell, other } = await start();
    const client = await app.polling('alice').join();
    await client.call('/service/echo', {});
    await client.disconnect();
    expect(farewell.gone).toEqual(['alice']);
    expect(other.gone).toEqual(['alice']);
  });

  it('is called once when a session expires, and not when its socket closes', async () => {
    const { app, farewell } = await start();
    const client = await app.socket('alice').join();
    await client.close();
    await until('the socket to be gone', () => app.service.counts.sockets === 0);
    expect(farewell.gone).toEqual([]);
    app.clock.advance(120_000);
    expect(farewell.gone).toEqual(['alice']);
  });

  it('is called once when the server ends the session', async () => {
    const { app, farewell } = await start();
    const client = await app.socket('alice').join();
    await client.sendRaw(
      JSON.stringify([{ channel: '/service/kick-me', clientId: client.clientId, data: {}, id: 'x' }]),
    );
    await until('the session to end', () => app.service.counts.sessions === 0);
    expect(farewell.gone).toEqual(['alice']);
  });

  it('is called once when the application closes', async () => {
    const { app, farewell } = await start();
    await app.polling('alice').join();
    await app.close();
    expect(farewell.gone).toEqual(['alice']);
  });

  it('is called for each session, whichever spoke last', async () => {
    const { app, farewell } = await start();
    const [one, two] = [await app.socket('alice').join(), await app.polling('bob').join()];
    for (const client of [one, two, one, two]) await client.call('/service/echo', {});
    await two.disconnect();
    await one.disconnect();
    expect(farewell.gone).toEqual(['bob', 'alice']);
  });

  it('is called once for each when the end of one session ends another', async () => {
    const { app, farewell, other } = await start();
    const [one, two] = [await app.socket('alice').join(), await app.polling('bob').join()];
    for (const client of [one, two]) await client.call('/service/echo', {});
    farewell.onDisconnect = () => other.callers.get('bob')?.disconnect();
    await one.disconnect();
    expect([...farewell.gone].sort()).toEqual(['alice', 'bob']);
    expect([...other.gone].sort()).toEqual(['alice', 'bob']);
  });

  const failures: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('went wrong');
      },
    ],
    ['rejects', () => Promise.reject(new Error('went wrong'))],
  ];
  it.each(failures)('is only logged if it %s', async (_, onDisconnect) => {
    const { app, farewell, other } = await start();
    farewell.onDisconnect = onDisconnect;
    const client = await app.polling('alice').join();
    await client.call('/service/echo', {});
    expect(await client.disconnect()).toMatchObject({ successful: true });
    expect(other.gone).toEqual(['alice']);
    await until('the failure to be logged', () => app.log.text.includes('went wrong'));
    const errors = app.log.takeErrors();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('FarewellGateway.handleDisconnect failed.');
  });

  it('is called in a request-scoped gateway on the instance that served the session', async () => {
    scopedGone.length = 0;
    const app = await stage.start({ http, providers: [ScopedGateway, PerSession, OtherGateway] });
    const [one, two] = [await app.socket('alice').join(), await app.polling('bob').join()];
    const [first] = (await one.call('/service/scoped', {})).answers;
    const [second] = (await two.call('/service/scoped', {})).answers;
    await one.disconnect();
    await two.disconnect();
    await until('both to be gone', () => scopedGone.length === 2);
    expect([...scopedGone].sort()).toEqual([`alice ${String(first)}`, `bob ${String(second)}`]);
  });
});
