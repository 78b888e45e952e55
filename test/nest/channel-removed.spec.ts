import { resolveOptions } from '../../src/nest/comet-options.resolver.js';
import { onServer } from '../support/bench.js';

describe('a handle of a channel that was removed', () => {
  onServer((bench) => {
    it('takes nothing any more, as nobody would be asked', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      channel.remove();
      expect(() => channel.addAuthorizer(() => 'deny')).toThrow('/a was removed');
      expect(() => channel.addListener({})).toThrow('/a was removed');
      expect(() => channel.configure({ lazy: true })).toThrow('/a was removed');
      expect(() => service.channel('/a').configure({ lazy: true })).not.toThrow();
    });

    it('cannot be given other members than its settings', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      channel.addAuthorizer(() => 'deny');
      channel.configure({ authorizers: new Set(), name: '/b' } as never);
      const client = await bench.socket().join();
      expect(await client.subscribe('/a')).toMatchObject({ successful: false });
      expect(channel.name).toBe('/a');
    });

    it('is no channel of the protocol for a session of the server', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      await expect(local.publish('/meta/disconnect', 1)).rejects.toThrow(TypeError);
      expect(local.session.alive).toBe(true);
      local.disconnect();
    });
  });
});

describe('options of the cookie that are undefined', () => {
  it('leave the defaults as they are', () => {
    const cookie = { secure: undefined, httpOnly: undefined, sameSite: undefined } as never;
    const { transport } = resolveOptions({ auth: { anonymous: true }, cookie });
    expect(transport.cookie).toMatchObject({ secure: 'auto', httpOnly: true, sameSite: 'Lax' });
  });
});
