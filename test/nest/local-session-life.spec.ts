import type { Authorization, CometMessage } from '../../src/index.js';
import { onServer } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { turn } from './support/session-view.js';

const DAY = 86_400_000;
const nobody = (): void => undefined;
const ENDED = { error: '402::session_unknown' };

describe('the life of a session of the server', () => {
  onServer((bench) => {
    it('does not end by itself', async () => {
      const { service } = await bench.start({ session: { maxInactivity: 60_000 } });
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      expect(service.counts).toEqual({ sessions: 0, channels: 1, deadlines: 0, sockets: 0 });
      bench.clock.advance(DAY);
      await local.publish('/a', 1);
      expect(heard).toEqual([1]);
      expect(service.counts).toEqual({ sessions: 0, channels: 1, deadlines: 0, sockets: 0 });
      local.disconnect();
      expect(service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    });

    it.each(['by itself', 'through its view'])('ends %s, for good', async (how) => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      const ends: unknown[] = [];
      const end = await local.subscribe('/a', ({ data }) => void heard.push(data));
      local.session.addListener({ removed: (why) => void ends.push(why) });
      if (how === 'by itself') local.disconnect();
      else local.session.disconnect();
      local.disconnect();
      expect(ends).toEqual(['kick']);
      expect([local.session.alive, local.session.connected]).toEqual([false, false]);
      expect(await service.broadcast('/a', 1)).toEqual({ sessions: 0 });
      expect(local.session.send('/a', 1)).toBe(false);
      expect(heard).toEqual([]);
      await expect(local.publish('/a', 1)).rejects.toMatchObject(ENDED);
      await expect(local.call('/service/echo', 1)).rejects.toMatchObject(ENDED);
      await expect(local.subscribe('/b', nobody)).rejects.toMatchObject(ENDED);
      await expect(end()).resolves.toBeUndefined();
      expect(service.counts.channels).toBe(0);
    });

    it('ends with the application', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const ends: unknown[] = [];
      await local.subscribe('/a', nobody);
      local.session.addListener({ removed: (why) => void ends.push(why) });
      await bench.app.close();
      expect(ends).toEqual(['shutdown']);
      expect(local.session.alive).toBe(false);
      expect(service.counts).toMatchObject({ channels: 0, deadlines: 0 });
    });

    it('ends a call that is under way with an answer or a refusal, and no hang', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const local = service.openSession('worker');
      const call = local.call('/service/slow', 1).then(
        () => 'settled',
        () => 'settled',
      );
      local.disconnect();
      bench.app.get(ServiceGateway).release();
      expect(await call).toBe('settled');
    });

    it('is over at once for what it was sent in a batch that never ended', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      await local.subscribe('/a', nobody);
      void local.batch(() => new Promise(() => undefined));
      await service.broadcast('/a', 1);
      local.disconnect();
      expect(service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    });

    it('is not limited to few sessions: each is its own', async () => {
      const { service } = await bench.start({ session: { maxPerUser: 2 }, limits: { sessions: 2 } });
      const heard: string[] = [];
      const locals = ['a', 'a', 'a', 'b'].map((name) => service.openSession(name));
      for (const [index, local] of locals.entries()) {
        await local.subscribe('/a', () => void heard.push(String(index)));
      }
      expect(await service.broadcast('/a', 1)).toEqual({ sessions: 4 });
      expect(heard).toEqual(['0', '1', '2', '3']);
      expect(new Set(locals.map(({ session }) => session.id)).size).toBe(4);
      for (const local of locals) local.disconnect();
    });
  });
});

describe('what a session of the server says', () => {
  onServer((bench) => {
    it('is seen by extensions and listeners like that of a client', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const seen: unknown[] = [];
      service.addExtension({
        incoming: (message, session) => void seen.push(['in', message['channel'], session]),
        outgoing: (message, sender) => {
          if ('data' in message) seen.push(['out', message.channel, sender]);
        },
      });
      service.addListener({ subscribed: (session, name) => void seen.push(['subscribed', name, session]) });
      service.channel('/a').addListener({
        message: (message, sender) => void seen.push(['message', message.channel, sender]),
      });
      const local = service.openSession('worker');
      const { session } = local;
      await local.subscribe('/a', nobody);
      await local.publish('/a', 1);
      await local.call('/service/record', 1);
      local.disconnect();
      expect(seen).toEqual([
        ['in', '/meta/subscribe', session],
        ['subscribed', '/a', session],
        ['in', '/a', session],
        ['message', '/a', session],
        ['out', '/a', session],
        ['in', '/service/record', session],
      ]);
      for (const [, , one] of seen as unknown[][]) expect(one).toBe(session);
    });

    it('is changed or refused by extensions', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      service.addExtension({
        incoming: (message) => {
          if (message['data'] === 'bad') return '499::not_this';
          return message['data'] === 1 ? { ...message, data: 'one' } : undefined;
        },
      });
      const local = service.openSession('worker');
      await local.subscribe('/a', ({ data }: CometMessage) => void heard.push(data));
      await local.publish('/a', 1);
      await expect(local.publish('/a', 'bad')).rejects.toMatchObject({ error: '499::not_this' });
      expect(heard).toEqual(['one']);
      local.disconnect();
    });

    it('does not come back to it where publishers are kept from their own messages', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      const local = service.openSession('worker');
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      local.session.broadcastToPublisher = false;
      await local.publish('/a', 1);
      await service.broadcast('/a', 2);
      expect(heard).toEqual([2]);
      local.disconnect();
    });

    it('may be said in answer to what it receives', async () => {
      const { service, log } = await bench.start();
      const heard: unknown[] = [];
      const local = service.openSession('worker');
      await local.subscribe('/ping', ({ data }) => {
        void local.publish('/pong', data);
      });
      await local.subscribe('/pong', ({ data }) => void heard.push(data));
      const client = await bench.client().join();
      for (const number of [1, 2, 3]) await client.publish('/ping', number);
      await local.publish('/ping', 4);
      await turn();
      expect(heard).toEqual([1, 2, 3, 4]);
      expect(log.takeErrors()).toEqual([]);
      local.disconnect();
    });

    it('is in its order, also where an authorizer takes its time', async () => {
      const { service } = await bench.start();
      service.channel('/a').addAuthorizer(async (): Promise<Authorization> => {
        await turn();
        return 'grant';
      });
      const heard: unknown[] = [];
      const local = service.openSession('worker');
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      await Promise.all([1, 2, 3].map((number) => local.publish('/a', number)));
      expect(heard).toEqual([1, 2, 3]);
      local.disconnect();
    });
  });
});
