import { NestStage } from '../nest/support/nest-stage.js';

const HANDSHAKE = [{ channel: '/meta/handshake', version: '1.0' }];
const SECURE = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };

describe('the browser cookie', () => {
  const stage = new NestStage();

  it('comes with the handshake, once', async () => {
    const app = await stage.start();
    const client = app.polling();
    const { headers } = await client.askMessages(HANDSHAKE).answer;
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^BAYEUX_BROWSER=[\w.-]{76}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const again = await client.askMessages(HANDSHAKE).answer;
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  it('does not come with a handshake that is refused', async () => {
    const app = await stage.start();
    const refused = [{ ...HANDSHAKE[0], ext: { auth: { token: 'bad' } } }];
    expect((await app.polling().askMessages(refused).answer).headers['set-cookie']).toBeUndefined();
  });

  it('is Secure behind a trusted proxy that says https, and not because a client says so', async () => {
    const trusting = await stage.start({ options: { trustProxy: ['127.0.0.1'] } });
    const { headers } = await trusting.polling().askMessages(HANDSHAKE, SECURE).answer;
    expect(headers['set-cookie']?.[0]).toContain('; Secure');

    const wary = await stage.start();
    const spoofed = await wary.polling().askMessages(HANDSHAKE, SECURE).answer;
    expect(spoofed.headers['set-cookie']?.[0]).not.toContain('Secure');
  });

  it('comes with the upgrade of a socket', async () => {
    const app = await stage.start({ options: { trustProxy: 1 } });
    const socket = app.socket();
    await socket.open(SECURE);
    const [issued] = socket.upgradeHeaders['set-cookie'] ?? [];
    expect(issued).toMatch(/^__Host-BAYEUX_BROWSER=[\w.-]{76}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const again = app.socket();
    await again.open({ ...SECURE, cookie: issued?.split(';')[0] ?? '' });
    expect(again.upgradeHeaders['set-cookie']).toBeUndefined();
  });

  it('is expired with the header the service gives', async () => {
    const app = await stage.start({ options: { cookie: { name: 'PUSH', path: '/cometd' } } });
    expect(app.service.expireCookie()).toBe('PUSH=; Path=/cometd; HttpOnly; SameSite=Lax; Max-Age=0');
  });
});
