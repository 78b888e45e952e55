import { isMeta } from './channel.js';
import { BayeuxErrors } from './errors.js';
import type { Dialect } from './ports.js';

/**
 * A name as the server knows it. Clients of Salesforce append a filter as a query, which is not understood here, and
 * may leave a slash at the end. The protocol's own channels have no second name: a message whose name looks like one
 * of them must not become one.
 */
export function plainName(name: unknown, dialect: Dialect | undefined): unknown {
  if (dialect !== 'salesforce' || typeof name !== 'string' || isMeta(name)) return name;
  const query = name.indexOf('?');
  const path = query < 0 ? name : name.slice(0, query);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** How a client is told that it has no session: each looks for the words it knows before it handshakes anew. */
export function unknownSession(dialect: Dialect | undefined): string {
  return dialect === 'salesforce' ? BayeuxErrors.clientUnknown : BayeuxErrors.sessionUnknown;
}
