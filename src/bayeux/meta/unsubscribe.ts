import type { Core } from '../core.js';
import type { Exchange, Replies } from '../exchange.js';
import { echoSubscription, failure, type Incoming, replyTo } from '../incoming.js';
import type { Session } from '../session.js';
import { leave } from '../subscribing.js';
import { readSubscriptions } from './subscribe.js';

/** `/meta/unsubscribe` (Bayeux 1.0 §5.4). What was not subscribed is unsubscribed already: that succeeds. */
export function unsubscribe(core: Core, exchange: Exchange, message: Incoming, session: Session): Replies {
  const names = readSubscriptions(core, exchange, message);
  if (typeof names === 'string') return [failure(message, names)];
  for (const name of names) leave(core, session, name);
  return [replyTo(message, { ...echoSubscription(message), successful: true })];
}
