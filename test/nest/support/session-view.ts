import type { CometSession } from '../../../src/index.js';
import type { BayeuxClient } from '../../support/bayeux.client.js';
import type { Bench } from '../../support/bench.js';

/** The session of a client, as the application sees it. */
export function viewOf(bench: Bench, { clientId }: BayeuxClient): CometSession {
  const session = bench.app.service.findSession(clientId);
  if (!session) throw new Error('There is no such session.');
  return session;
}

/** Lets end what is being handled: whatever is to leave at the end of the turn has left. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** The data of messages. */
export function dataOf(messages: readonly { readonly data?: unknown }[]): unknown[] {
  return messages.map(({ data }) => data);
}

/** A promise that a test settles when it wants to. */
export { deferred as pending } from '../../bayeux/support/core.harness.js';
