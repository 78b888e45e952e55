import type { Exchange, Replies } from '../exchange.js';
import { type Incoming, replyTo } from '../incoming.js';
import type { Session } from '../session.js';

/**
 * `/meta/disconnect` (Bayeux 1.0 §5.5). The held connect is answered after the disconnect: clients keep their socket
 * open until then.
 */
export function disconnect(exchange: Exchange, message: Incoming, session: Session): Replies {
  exchange.afterwards(session.endByClient());
  return [replyTo(message, { successful: true })];
}
