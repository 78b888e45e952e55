import { FLOOD_SERVICE, type FloodOrder } from '../channels.js';
import { SocketConnection } from './socket.connection.js';
import type { SoakClient } from './soak.client.js';

/** Shorter than any patience of the server with a client that is connected, longer than its queue lasts. */
const LONGEST = 8_000;

/** Enough to fill what the operating system keeps for a socket, and then the queue. */
const SOCKET_FLOOD = { bytes: 32_768, burst: 8, bursts: 60, every: 100 };
/** Enough to fill the queue while nobody polls. */
const POLLING_FLOOD = { bytes: 16_384, burst: 2, bursts: 50, every: 100 };

/**
 * Has a lot sent to itself and reads nothing for a while. If it reads again in time, all of it has to come; if not,
 * the server has to end the session.
 */
export async function stall(client: SoakClient): Promise<void> {
  const { connection, heart, random, name } = client;
  const socket = connection instanceof SocketConnection ? connection : undefined;
  const size = socket ? SOCKET_FLOOD : POLLING_FLOOD;
  const order: FloodOrder = { from: `${name} flood ${random.below(1e9)}`, ...size };
  await client.ask([{ channel: FLOOD_SERVICE, data: order }]);
  if (!socket) heart?.stop();
  socket?.pause();
  try {
    await client.pause(500 + random.below(LONGEST));
  } finally {
    socket?.resume();
  }
  if (!socket) client.goOn();
}
