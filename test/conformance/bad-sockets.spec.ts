import { setImmediate as nextTurn } from 'node:timers/promises';
import { onEveryServer } from '../support/bench.js';
import { Opcode, RawWebSocket } from '../support/raw-websocket.js';
import { until } from '../support/until.js';

const HANDSHAKE = '[{"channel":"/meta/handshake","version":"1.0"}]';
/** A close frame with the code 1000. */
const NORMAL = Buffer.from([0x03, 0xe8]);

describe('a socket that behaves badly', () => {
  onEveryServer((bench) => {
    const sockets = (): number => bench.app.service.counts.sockets;
    const open = async (): Promise<RawWebSocket> => RawWebSocket.open(bench.app.url);

    async function joined(): Promise<{ socket: RawWebSocket; clientId: string }> {
      const socket = await open();
      socket.send(Opcode.text, HANDSHAKE);
      await until('the handshake', () => socket.text.includes('"clientId"'));
      const clientId = /"clientId":"([\w-]+)"/.exec(socket.text)?.[1] ?? '';
      for (const message of [
        { channel: '/meta/connect', clientId },
        { channel: '/meta/subscribe', clientId, subscription: '/a' },
      ]) {
        socket.send(Opcode.text, JSON.stringify([message]));
      }
      await until('the subscription', () => bench.app.service.counts.channels === 1);
      return { socket, clientId };
    }

    /** A peer that never ends its connection has the time for a handshake, and that for a close. */
    async function cutOff(): Promise<void> {
      await bench.polling().post('[]').answer;
      bench.clock.advance(10_000 + 2_000);
      await until('the socket to be gone', () => sockets() === 0);
    }

    it('says good-bye and stays: it is sent nothing more, and keeps nobody busy', async () => {
      await bench.start();
      const { socket, clientId } = await joined();
      const other = await bench.polling().join();
      socket.send(Opcode.close, NORMAL);
      await other.sync();
      const before = bench.clock.turns;
      expect(await bench.app.service.broadcast('/a', 'too late')).toEqual({ sessions: 1 });
      for (let times = 0; times < 20; times++) await other.sync();
      expect(bench.clock.turns - before).toBeLessThan(5);
      expect(socket.text).not.toContain('too late');
      const next = bench.socket();
      next.clientId = clientId;
      await next.connect({ advice: { timeout: 0 } });
      expect(await next.receive()).toEqual([{ channel: '/a', data: 'too late' }]);
      socket.destroy();
    });

    it('half closes its connection: it is closed', async () => {
      await bench.start();
      const { socket } = await joined();
      socket.end();
      await until('the socket to be gone', () => sockets() === 0);
      expect(bench.app.service.counts.sessions).toBe(1);
      socket.destroy();
    });

    it('sends a frame that is not masked: nothing of it is handled', async () => {
      await bench.start();
      const socket = await open();
      socket.send(Opcode.text, HANDSHAKE, { masked: false });
      socket.send(Opcode.text, HANDSHAKE);
      await cutOff();
      expect(bench.app.service.counts.sessions).toBe(0);
      socket.destroy();
    });

    it('sends fragments that together are too big: nothing of it is handled', async () => {
      await bench.start();
      const socket = await open();
      socket.send(Opcode.text, '[', { final: false });
      const part = ' '.repeat(30_000);
      for (let times = 0; times < 3; times++) socket.send(Opcode.continuation, part, { final: false });
      socket.send(Opcode.continuation, HANDSHAKE.slice(1));
      await cutOff();
      expect(bench.app.service.counts.sessions).toBe(0);
      socket.destroy();
    });

    it('sends its messages in fragments: they are read', async () => {
      await bench.start();
      const socket = await open();
      socket.send(Opcode.text, HANDSHAKE.slice(0, 20), { final: false });
      socket.send(Opcode.ping, 'still here');
      socket.send(Opcode.continuation, HANDSHAKE.slice(20));
      await until('the handshake', () => socket.text.includes('"clientId"'));
      expect(socket.text).toContain('still here');
      socket.destroy();
    });

    it('[W4] T59: sends a message in more fragments than one may have: nothing of it is handled', async () => {
      await bench.start();
      const socket = await open();
      socket.send(Opcode.text, '[', { final: false });
      for (let times = 0; times < 1_100; times++) socket.send(Opcode.continuation, '', { final: false });
      socket.send(Opcode.continuation, HANDSHAKE.slice(1));
      await cutOff();
      expect(bench.app.service.counts.sessions).toBe(0);
      socket.destroy();
    });

    it('[W4] T59: sends a frame byte by byte: it is closed before that costs much', async () => {
      await bench.start();
      const socket = await open();
      // A frame of 32,000 bytes, masked with nothing.
      socket.sendBytes(Buffer.from([0x81, 0xfe, 0x7d, 0x00, 0, 0, 0, 0]));
      for (let bytes = 0; bytes < 20_000 && !socket.text.includes('\x03'); bytes++) {
        socket.sendBytes(Buffer.from(' '));
        await nextTurn();
      }
      expect(socket.text).toContain('\x03');
      await cutOff();
      socket.destroy();
    });

    it('sends many frames without waiting: they are answered in their order', async () => {
      await bench.start();
      const client = await bench.socket().join();
      const replies = Array.from({ length: 200 }, (_, number) =>
        client.publish('/a', number, { id: `n${number}` }),
      );
      await Promise.all(replies);
      const ids = client.received.flatMap(({ id }) => (id?.startsWith('n') === true ? [id] : []));
      expect(ids).toEqual(Array.from({ length: 200 }, (_, number) => `n${number}`));
    });
  });
});
