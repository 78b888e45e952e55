import { ForbiddenException, HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { CometExtension } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import { until } from '../support/until.js';
import { sessionOf, subscriber } from './support/away.js';

const DELETED = { successful: false, error: '404::message_deleted' };

/** An extension for what comes in on `/a`. */
function onA(incoming: NonNullable<CometExtension['incoming']>): CometExtension {
  return {
    incoming: (message, session) => (message['channel'] === '/a' ? incoming(message, session) : true),
  };
}

/** Whoever is told of everything that got through. */
const witnessOf = (bench: Bench): Promise<BayeuxClient> => subscriber(bench, '/a', '/b');

describe('extensions, of what comes in', () => {
  overEveryTransport((bench) => {
    it('meet it in the order they were added, those of the session after those of the server', async () => {
      const met: unknown[] = [];
      const noting = (name: string): CometExtension =>
        onA((message, session) => void met.push([name, message['data'], session?.id]));
      const app = await bench.start({ extensions: [noting('first'), noting('second')] });
      app.service.addExtension(noting('third'));
      const client = await bench.client().join();
      sessionOf(bench, client).addExtension(noting('fourth'));
      sessionOf(bench, client).addExtension(noting('fifth'));
      await client.publish('/a', 1);
      expect(met).toEqual(
        ['first', 'second', 'third', 'fourth', 'fifth'].map((name) => [name, 1, client.clientId]),
      );
    });

    it('those of a session see its messages only', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      sessionOf(bench, alice).addExtension({ incoming: () => false });
      expect(await alice.publish('/a', 1)).toMatchObject(DELETED);
      expect(await bob.publish('/a', 1)).toMatchObject({ successful: true });
    });

    it.each([[false], [null], [Promise.resolve(false)], [[] as never]])(
      'delete it by %p, and none after them sees it',
      async (verdict) => {
        const later: unknown[] = [];
        await bench.start({ extensions: [onA(() => verdict), onA(({ data }) => void later.push(data))] });
        const [client, witness] = [await bench.client().join(), await witnessOf(bench)];
        expect(await client.publish('/a', 1, { id: '1' })).toEqual({ channel: '/a', id: '1', ...DELETED });
        await witness.sync();
        expect(witness.pushed()).toEqual([]);
        expect(later).toEqual([]);
      },
    );

    it.each([[undefined], [true], [Promise.resolve()]])('let it go on by %p', async (verdict) => {
      await bench.start({ extensions: [onA(() => verdict)] });
      const [client, witness] = [await bench.client().join(), await witnessOf(bench)];
      expect(await client.publish('/a', 1)).toMatchObject({ successful: true });
      expect(await witness.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it.each<[string, () => string | Promise<never>, string]>([
      ['by a text', () => '409:x:taken', '409:x:taken'],
      ['by a WsException', () => fail(new WsException('no such room')), '400::no such room'],
      ['by an HttpException', () => fail(new ForbiddenException('not today')), '403::not today'],
      ['but not that the session is gone', () => fail(new HttpException('pay', 402)), '403::pay'],
      ['by a rejection', () => Promise.reject(new WsException('410:x:gone')), '410:x:gone'],
    ])('may tell the client why, %s', async (_, verdict, error) => {
      await bench.start({ extensions: [onA(verdict)] });
      const [client, witness] = [await bench.client().join(), await witnessOf(bench)];
      expect(await client.publish('/a', 1)).toMatchObject({ successful: false, error });
      await witness.sync();
      expect(witness.pushed()).toEqual([]);
    });

    it.each<[string, () => Promise<never>]>([
      ['throws', () => fail(new Error('connection to db-1.internal refused'))],
      ['rejects', () => Promise.reject(new Error('connection to db-1.internal refused'))],
    ])('one that %s deletes it, and only the log knows why', async (_, verdict) => {
      const app = await bench.start({ extensions: [onA(verdict)] });
      const client = await bench.client().join();
      expect(await client.publish('/a', 1, { id: '1' })).toEqual({ channel: '/a', id: '1', ...DELETED });
      expect(app.log.takeErrors()).toEqual([expect.stringMatching(/extension failed.*db-1\.internal/s)]);
      expect(JSON.stringify(client.received)).not.toContain('db-1');
      expect(await client.publish('/b', 1)).toMatchObject({ successful: true });
    });

    it('may put another message in its place, which the next one sees', async () => {
      await bench.start({
        extensions: [
          onA(({ data, ...message }) => ({ ...message, data: [data, 'first'] })),
          onA(({ data, ...message }) =>
            Promise.resolve({ ...message, channel: '/b', data: [data, 'second'] }),
          ),
        ],
      });
      const [client, witness] = [await bench.client().join(), await witnessOf(bench)];
      expect(await client.publish('/a', 1)).toMatchObject({ channel: '/b', successful: true });
      expect(await witness.receive()).toEqual([{ channel: '/b', data: [[1, 'first'], 'second'] }]);
    });

    it.each<[object, string]>([
      [{ channel: 'nowhere' }, '405::channel_invalid'],
      [{ channel: '/b/**' }, '405::channel_invalid'],
      [{ channel: undefined }, '400::channel_missing'],
      [{ id: {} }, '405::message_id_invalid'],
      [{ data: undefined }, '400::data_missing'],
      [{ clientId: 'somebody-else' }, '402::session_unknown'],
      [{ channel: '/meta/handshake' }, '403:denied_by_security_policy:publish_denied'],
      [{ channel: '/closed' }, '403:denied_by_not_granting:publish_denied'],
    ])('what they put in its place is looked at like any other: %j', async (change, error) => {
      await bench.start({
        rules: [{ channel: '/a', publish: true }],
        extensions: [onA((message) => ({ ...message, ...change }))],
      });
      const client = await bench.client().join();
      // Without the id of the request nobody could tell what the reply is for.
      const replies = await client.exchange(
        JSON.stringify([{ channel: '/a', clientId: client.clientId, data: 1 }]),
      );
      expect(replies).toEqual([expect.objectContaining({ successful: false, error })]);
    });

    it('that take their time keep the messages of a session in order', async () => {
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      await bench.start({ extensions: [onA(({ data }) => (data === 'slow' ? released : undefined))] });
      const [client, witness] = [await bench.client().join(), await witnessOf(bench)];
      const { clientId } = client;
      const replies = client.send(
        ['slow', 'quick'].map((data) => ({ channel: '/a', clientId, data, id: data })),
      );
      const other = await bench.client().join();
      expect(await other.publish('/a', 'of another session')).toMatchObject({ successful: true });
      await client.connect({ advice: { timeout: 0 } });
      expect(await witness.receive()).toMatchObject([{ data: 'of another session' }]);
      release();
      expect(await replies).toMatchObject([{ id: 'slow' }, { id: 'quick' }]);
      expect(await witness.receive(2)).toMatchObject([{ data: 'slow' }, { data: 'quick' }]);
    });

    it('that never answer are given up after hookTimeout, and the message is deleted', async () => {
      const never = new Promise<never>(() => undefined);
      const app = await bench.start({
        session: { hookTimeout: 4_000 },
        extensions: [onA(({ data }) => (data === 'stuck' ? never : undefined))],
      });
      const client = await bench.client().join();
      const before = bench.clock.armed;
      const stuck = client.publish('/a', 'stuck', { id: '1' });
      await until('the message to arrive', () => bench.clock.armed > before);
      expect(bench.clock.advance(3_999)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await stuck).toEqual({ channel: '/a', id: '1', ...DELETED });
      expect(app.log.takeErrors()).toEqual([expect.stringContaining('more than 4000 ms')]);
      expect(await client.publish('/a', 'next')).toMatchObject({ successful: true });
    });

    it.each<[string, () => false | string | Promise<false>, string]>([
      ['deleted', () => false, '404::message_deleted'],
      ['deleted later', () => Promise.resolve(false), '404::message_deleted'],
      ['refused', () => '403::come back on Monday', '403::come back on Monday'],
    ])('a handshake that is %s fails for good', async (_, verdict, error) => {
      const sessions: unknown[] = [];
      await bench.start({
        extensions: [
          {
            incoming: ({ channel }, session) => {
              sessions.push(session);
              return channel === '/meta/handshake' ? verdict() : undefined;
            },
          },
        ],
      });
      expect(await bench.client().handshake({ id: '1' })).toMatchObject({
        id: '1',
        successful: false,
        error,
        advice: { reconnect: 'none' },
      });
      expect(sessions).toEqual([undefined]);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('see what strangers send too, without a session', async () => {
      const met: unknown[] = [];
      await bench.start({ extensions: [onA((_, session) => void met.push(session))] });
      const client = bench.client();
      client.clientId = 'nobody';
      expect(await client.publish('/a', 1)).toMatchObject({ error: '402::session_unknown' });
      expect(met).toEqual([undefined]);
    });

    it('see nothing more once they are removed', async () => {
      const app = await bench.start();
      const client = await bench.client().join();
      const removals = [
        app.service.addExtension(onA(() => false)),
        sessionOf(bench, client).addExtension(onA(() => '400::no')),
      ];
      const errors: unknown[] = [];
      for (const remove of [...removals, () => undefined]) {
        errors.push((await client.publish('/a', 1)).error);
        remove();
      }
      expect(errors).toEqual(['404::message_deleted', '400::no', undefined]);
    });
  });
});

describe('extensions and credentials', () => {
  const issuer = withIssuer();
  overEveryTransport((bench) => {
    it('do not meet: what else is in ext they see', async () => {
      const met: unknown[] = [];
      const note: CometExtension = {
        incoming: (message) => void met.push(message),
        outgoing: (message) => void met.push(message),
      };
      await bench.startSecured({ extensions: [note] });
      const token = await bench.token('alice');
      const client = bench.client(bearer(token));
      await client.handshake({ ext: { auth: { token }, custom: 1 } });
      await client.connect(presenting(token));
      await client.publish('/user/alice/x', 1, { ext: { auth: { token }, custom: 2 } });
      expect(JSON.stringify(met)).not.toContain(token);
      expect(met).toContainEqual(expect.objectContaining({ channel: '/meta/handshake', ext: { custom: 1 } }));
      expect(met).toContainEqual(expect.objectContaining({ data: 1, ext: { custom: 2 } }));
    });
  }, issuer);
});

function fail(error: Error): never {
  throw error;
}
