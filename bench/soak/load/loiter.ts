import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Random } from '../../../test/bayeux/support/random.js';
import { HANDSHAKE_TIMEOUT } from '../control.js';
import { PATIENCE } from './heartbeat.js';
import type { Complain } from './ledger.js';

/** Opens a socket and says nothing on it: the server has to close it, unless the client is gone before. */
export async function loiter(url: string, random: Random, complain: Complain): Promise<void> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const closed = new Promise<boolean>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve(true);
    });
  });
  if (random.below(2) === 0) {
    await pause(random.below(HANDSHAKE_TIMEOUT));
    socket.terminate();
  }
  const late = pause(HANDSHAKE_TIMEOUT + PATIENCE, false, { ref: false });
  if (await Promise.race([closed, late])) return;
  complain('socket left open', 'that never shook hands');
  socket.terminate();
}
