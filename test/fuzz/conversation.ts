/** A message as a client writes it. */
export type Fields = Record<string, unknown>;

/** Good messages of every kind, of the session `clientId`; one to pick from at random. */
export function conversation(clientId: string): Fields[] {
  const of = (channel: string, more: Fields): Fields => ({ channel, clientId, id: 'x1', ...more });
  const once = [
    { channel: '/meta/handshake', version: '1.0', minimumVersion: '1.0', ext: { ack: true } },
    of('/meta/disconnect', {}),
  ];
  const often = [
    of('/meta/connect', { connectionType: 'long-polling' }),
    of('/meta/connect', { connectionType: 'websocket', advice: { timeout: 0 }, ext: { ack: 1 } }),
    of('/meta/subscribe', { subscription: '/fuzz/a' }),
    of('/meta/subscribe', { subscription: ['/fuzz/*', '/fuzz/**'] }),
    of('/meta/unsubscribe', { subscription: '/fuzz/a' }),
    of('/fuzz/a', { data: { text: 'Hello', list: [1, { two: null }] } }),
    of('/fuzz/a/b', { data: 'Hello', ext: { other: 1 } }),
    of('/service/echo', { data: { question: 1 } }),
  ];
  // A message that begins or ends a session spoils the rest of its request, so there are few of them.
  return [...once, ...often, ...often, ...often, ...often];
}
