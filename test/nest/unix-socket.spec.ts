import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { NestStage } from './support/nest-stage.js';

const HANDSHAKE = JSON.stringify([
  { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] },
]);
const FORWARDED = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'portal.example.com',
};

describe('a server that listens on a path, behind a proxy', () => {
  const stage = new NestStage();
  let number = 0;
  const freshPath = (): string => join(tmpdir(), `comet-${process.pid}-${number++}.sock`);

  const post = (socketPath: string, headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { socketPath, path: '/cometd', method: 'POST' };
      request({ ...options, headers: { ...headers, 'content-type': 'application/json' } }, (response) => {
        response.resume().once('end', () => {
          resolve(response.statusCode);
        });
      })
        .once('error', reject)
        .end(HANDSHAKE);
    });

  const upgrade = (socketPath: string, headers: Record<string, string>): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws+unix:${socketPath}:/cometd`, { headers });
      socket.once('open', () => {
        socket.once('close', () => {
          resolve('open');
        });
        socket.close();
      });
      socket.once('error', ({ message }) => {
        resolve(message);
      });
    });

  it('[N2] lets pages of its own origin in, by requests and sockets, and knows their addresses', async () => {
    const socketPath = freshPath();
    const app = await stage.start({ socketPath, options: { trustProxy: 1 } });
    const addresses: unknown[] = [];
    app.service.addListener({ sessionAdded: ({ address }) => void addresses.push(address) });
    const own = { ...FORWARDED, origin: 'https://portal.example.com' };
    expect(await post(socketPath, own)).toBe(200);
    expect(await upgrade(socketPath, own)).toBe('open');
    expect(addresses).toEqual(['203.0.113.7']);
    const foreign = { ...FORWARDED, origin: 'https://evil.test' };
    expect(await post(socketPath, foreign)).toBe(403);
    expect(await upgrade(socketPath, foreign)).toContain('403');
  });

  it('[N2] believes no header unless proxies are trusted', async () => {
    const socketPath = freshPath();
    await stage.start({ socketPath });
    const spoofed = { ...FORWARDED, origin: 'https://portal.example.com' };
    expect(await post(socketPath, spoofed)).toBe(403);
    expect(await upgrade(socketPath, spoofed)).toContain('403');
  });
});
