import type { CometSession } from '../../../src/index.js';
import type { BayeuxClient } from '../../support/bayeux.client.js';
import type { Bench } from '../../support/bench.js';
import { isDelivery, type Members } from '../../support/message.js';
import { SocketClient } from '../../support/socket.client.js';
import { until } from '../../support/until.js';

/** The session of a client, as the application sees it. */
export function sessionOf(bench: Bench, { clientId }: BayeuxClient): CometSession {
  const session = bench.app.service.findSession(clientId);
  if (!session) throw new Error('The session has ended.');
  return session;
}

/** A client that is connected and subscribed. */
export async function subscriber(bench: Bench, ...channels: string[]): Promise<BayeuxClient> {
  const client = await bench.client().join();
  const { successful, error } = await client.subscribe(channels.length > 0 ? channels : '/a');
  if (successful !== true) throw new Error(error);
  return client;
}

/** The client goes without a word, and the server has seen that it has. */
export async function leave(bench: Bench, client: BayeuxClient): Promise<void> {
  await client.close();
  await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
}

/** A client that subscribed to `/a` and went: what it is sent waits. */
export async function away(bench: Bench): Promise<BayeuxClient> {
  const client = await subscriber(bench);
  await leave(bench, client);
  return client;
}

/** The client comes back with a connect that is answered at once. What it has been given since it was there. */
export async function back(client: BayeuxClient, members: Members = {}): Promise<unknown[]> {
  const before = client.received.length;
  if (client instanceof SocketClient) await client.open();
  await client.connect({ advice: { timeout: 0 }, ...members });
  return dataOf(client.received.slice(before).filter(isDelivery));
}

/** Sees to it that messages can come: over HTTP they need a connect that is held. */
export async function listen(bench: Bench, client: BayeuxClient): Promise<void> {
  if (!(client instanceof SocketClient)) await bench.hold(client);
}

/** What has come by itself so far, without a request that could bring it along. */
export async function arrived(bench: Bench, client: BayeuxClient): Promise<unknown[]> {
  await (await bench.otherClient().join()).sync();
  return dataOf(client.received.filter(isDelivery));
}

export function dataOf(messages: readonly { readonly data?: unknown }[]): unknown[] {
  return messages.map(({ data }) => data);
}
