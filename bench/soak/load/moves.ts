import { setTimeout as pause } from 'node:timers/promises';
import { HOLD } from '../control.js';
import type { Connection, Kind } from './connection.js';
import { PATIENCE } from './heartbeat.js';
import type { Membership } from './membership.js';
import { SocketConnection } from './socket.connection.js';
import type { SoakClient } from './soak.client.js';

const OTHER: Record<Kind, Kind> = { websocket: 'long-polling', 'long-polling': 'websocket' };

/** Loses its connection and comes back to the same session after a while. */
export async function comeBack(client: SoakClient, after: number): Promise<void> {
  cut(client);
  await client.pause(after);
  await client.reopen();
  client.goOn();
}

/** Loses something on its way to the client, and the connection with it, and comes back to the same session. */
export async function loseAnswer(client: SoakClient): Promise<void> {
  await Promise.race([client.connection.loseNext(), client.pause(HOLD)]);
  await comeBack(client, client.random.below(1_000));
}

/** Comes back on a new connection while the server has no way to know that the old one leads nowhere. */
export async function changeNetwork(client: SoakClient): Promise<void> {
  const { connection: former, heart, member } = client;
  heart?.stop();
  former.abandon();
  member?.interrupted();
  await client.reopen();
  client.goOn();
  await pause(HOLD);
  former.drop();
}

/** Goes on with the same session over the other transport. */
export async function move(client: SoakClient): Promise<void> {
  const { connection: former, member, heart } = client;
  if (!member) return;
  const next = client.connectionOf(OTHER[former.kind]);
  if (client.random.below(2) === 0) {
    cut(client);
    client.connection = next;
    await next.open();
    client.goOn();
    return;
  }
  // Both connections are there for a moment; the server decides what comes over which.
  await next.open();
  heart?.stop();
  member.moved();
  const over = former instanceof SocketConnection ? socketEnds(former, member) : member.quiet();
  client.connection = next;
  client.goOn();
  const inTime = await Promise.race([over.then(() => true), pause(PATIENCE, false, { ref: false })]);
  if (!inTime) client.complain('former connection left', former.kind);
  former.drop();
}

/** A second connect while one is held, as a page does that was reloaded or whose timer fired too early. */
export function doubleConnect(client: SoakClient): Promise<void> {
  client.heart?.doubleUp();
  return Promise.resolve();
}

/** A new session, where the old one is left to itself, with its connect still held. */
export async function handshakeAgain(client: SoakClient): Promise<void> {
  await client.begin();
}

function cut({ connection, heart, member }: SoakClient): void {
  heart?.stop();
  connection.drop();
  member?.interrupted();
}

async function socketEnds(socket: Connection & SocketConnection, member: Membership): Promise<void> {
  member.begun();
  await socket.closed;
  member.done();
}
