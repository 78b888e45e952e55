import type { UserReference } from '../../src/index.js';
import { until } from '../support/until.js';
import { NestStage } from './support/nest-stage.js';

describe('CometService', () => {
  const stage = new NestStage();

  describe('sendMessage', () => {
    it('reaches every session of the user, on whatever transport, subscribed or not, and nobody else', async () => {
      const app = await stage.start();
      const tabs = [await app.socket('alice').join(), await app.polling('alice').join()];
      const bob = await app.socket('bob').join();
      await bob.subscribe('/mine');
      expect(await app.service.sendMessage('alice', '/mine', { text: 'hello' })).toEqual({ sessions: 2 });
      for (const tab of tabs)
        expect(await tab.receive()).toEqual([{ channel: '/mine', data: { text: 'hello' } }]);
      await bob.sync();
      expect(bob.pushed()).toEqual([]);
    });

    it('tells when nobody is there', async () => {
      const app = await stage.start();
      expect(await app.service.sendMessage('nobody', '/mine', 1)).toEqual({ sessions: 0 });
    });

    it('waits for a user who is reconnecting', async () => {
      const app = await stage.start();
      const client = await app.socket('alice').join();
      await client.close();
      await until('the socket to be gone', () => app.service.counts.sockets === 0);
      expect(await app.service.sendMessage('alice', '/mine', 'meanwhile')).toEqual({ sessions: 1 });
      await client.open();
      await client.connect({ advice: { timeout: 0 } });
      expect(client.pushed()).toEqual([{ channel: '/mine', data: 'meanwhile' }]);
    });

    it('takes a user within the one tenant there is', async () => {
      const app = await stage.start();
      await app.socket('alice').join();
      expect(await app.service.sendMessage({ tenant: '', userId: 'alice' }, '/mine', 1)).toEqual({
        sessions: 1,
      });
      expect(await app.service.sendMessage({ tenant: 'red', userId: 'alice' }, '/mine', 1)).toEqual({
        sessions: 0,
      });
    });

    it('may use service channels, which clients cannot be subscribed to', async () => {
      const app = await stage.start();
      const client = await app.socket('alice').join();
      await app.service.sendMessage('alice', '/service/answer', 1);
      expect(await client.receive()).toEqual([{ channel: '/service/answer', data: 1 }]);
    });

    it.each<[unknown, unknown, unknown, RegExp]>([
      ['', '/mine', 1, /^sendMessage needs the id of a user, as a text that is not empty\.$/],
      [undefined, '/mine', 1, /id of a user/],
      [null, '/mine', 1, /id of a user/],
      [7, '/mine', 1, /id of a user/],
      [{ tenant: '', userId: '' }, '/mine', 1, /id of a user/],
      [
        'alice',
        'mine',
        1,
        /^"mine" is no channel to send to: write for example '\/news\/sport', without wildcards\.$/,
      ],
      ['alice', '/mine/*', 1, /without wildcards/],
      ['alice', '', 1, /is no channel/],
      ['alice', undefined, 1, /is no channel/],
      ['alice', '/meta/connect', 1, /^\/meta\/connect belongs to the protocol: choose another channel\.$/],
      ['alice', '/mine', undefined, /JSON/],
      ['alice', '/mine', 1n, /BigInt/],
    ])('refuses the user %j on %j', async (user, channel, data, sentence) => {
      const app = await stage.start();
      const sending = app.service.sendMessage(user as UserReference, channel as string, data);
      await expect(sending).rejects.toThrow(TypeError);
      await expect(sending).rejects.toThrow(sentence);
    });
  });

  describe('broadcast', () => {
    it('reaches all who are subscribed, by wildcard too, each once', async () => {
      const app = await stage.start();
      const [exact, star, both, none] = [
        await app.socket('a').join(),
        await app.polling('b').join(),
        await app.socket('c').join(),
        await app.polling('d').join(),
      ];
      await exact.subscribe('/news/sport');
      await star.subscribe('/news/*');
      await both.subscribe(['/news/**', '/news/sport', '/news/*']);
      await none.subscribe('/news');
      expect(await app.service.broadcast('/news/sport', { goals: 2 })).toEqual({ sessions: 3 });
      for (const client of [exact, star, both]) {
        expect(await client.receive()).toEqual([{ channel: '/news/sport', data: { goals: 2 } }]);
        await client.sync();
        expect(client.pushed()).toEqual([]);
      }
      expect(await app.service.broadcast('/elsewhere/x', 1)).toEqual({ sessions: 0 });
    });

    it.each<[unknown, unknown, RegExp]>([
      ['news', 1, /^"news" is no channel to send to/],
      ['/news/**', 1, /without wildcards/],
      ['/meta/x', 1, /^\/meta\/x has no subscribers: broadcast to a channel outside \/meta and \/service\.$/],
      ['/service/x', 1, /has no subscribers/],
      ['/news', undefined, /JSON/],
      ['/news', () => 1, /JSON/],
    ])('refuses %j', async (channel, data, sentence) => {
      const app = await stage.start();
      const sending = app.service.broadcast(channel as string, data);
      await expect(sending).rejects.toThrow(TypeError);
      await expect(sending).rejects.toThrow(sentence);
    });
  });

  it('counts what is alive', async () => {
    const app = await stage.start();
    const client = await app.socket('alice').join();
    await client.subscribe(['/a', '/b/*']);
    expect(app.service.counts).toEqual({ sessions: 1, channels: 2, deadlines: 2, sockets: 1 });
  });
});
