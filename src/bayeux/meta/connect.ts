import { ADVICE_NONE, adviseMultipleClients, readRequestedAdvice, type RequestedAdvice } from '../advice.js';
import type { Core } from '../core.js';
import type { Exchange, Replies } from '../exchange.js';
import { BayeuxErrors } from '../errors.js';
import { failure, type Incoming } from '../incoming.js';
import { isJsonObject, type Reply } from '../message.js';
import { KICK, type Session } from '../session.js';

/**
 * `/meta/connect` (Bayeux 1.0 §5.2): heartbeat of a session, and over HTTP its way out. The first connect is never
 * held, so that a client knows at once that it is connected. A client's wish for other times holds for this connect
 * only, and within the server's own.
 */
export function connect(core: Core, exchange: Exchange, message: Incoming, session: Session): Replies {
  const { options } = core;
  const { link } = exchange;
  // Nobody waits for the answer any more, and the connect that is held must not go for it.
  if (link.closed) return [];
  if (session.inactive) return sendAway(exchange, message, session);
  if (session.credential?.suspended)
    return refuseExpired(exchange, message, session, session.credential.pause);
  session.transport = link.transport;
  const usual = session.time('timeout');
  const { advice } = message.body;
  const wish =
    advice === undefined
      ? NO_WISH
      : readRequestedAdvice(advice, { timeout: usual, interval: session.time('maxInterval') });
  const timeout = wish.timeout ?? usual;
  const first = !session.state.connected;
  session.state.connected = true;
  session.state.interval = wish.interval ?? session.time('interval');

  if (session.state.acknowledged !== undefined) session.mailbox.acknowledge(readAcknowledged(message));

  session.supersedeHeld(link);
  if (link.once) session.detach();

  // Over HTTP the response carries everything, so a held connect would hold back its neighbours' replies too.
  const alone = !link.once || exchange.size === 1;
  // Nor is one held that brought a newer token: its client hears at once that all is well.
  const atOnce = first || exchange.renewed || timeout === 0 || !alone;
  // While the server drains, a session with calls under way is the only one left: its end answers what is held.
  if (atOnce || session.mailbox.due) {
    session.connectAnswered();
    return [session.connectReply(message)];
  }
  const limit = exchange.context.multiplexed ? options.maxHeldPerBrowserHttp2 : options.maxHeldPerBrowser;
  // The browser whose few connections a held connect would take one of.
  const browser = link.once && limit >= 0 ? session.state.browser : undefined;
  if (browser !== undefined && core.heldConnects.of(browser) >= limit)
    return [turnAway(core, message, session)];
  session.hold(link, message, timeout, browser);
  return [];
}

const NO_WISH: RequestedAdvice = {};
/** Its token has expired. The connect is held for the pause that its client should have made. */
function refuseExpired(exchange: Exchange, message: Incoming, session: Session, pause: number): Replies {
  const { link } = exchange;
  session.supersedeHeld(link);
  if (pause === 0 || (link.once && exchange.size > 1)) return [session.connectReply(message)];
  session.hold(link, message, pause);
  return [];
}

/** Its client connects, but nothing else has happened for too long. */
function sendAway(exchange: Exchange, message: Incoming, session: Session): Replies {
  exchange.afterwards(() => {
    session.end('inactive');
  });
  return [KICK, { ...session.connectReply(message), advice: ADVICE_NONE }];
}

/** One tab of a browser is held, the others poll. The next connect that can be held takes the interval back. */
function turnAway({ options }: Core, message: Incoming, session: Session): Reply {
  const { multiSessionInterval } = options;
  session.state.interval = multiSessionInterval;
  session.connectAnswered();
  const advice = adviseMultipleClients(multiSessionInterval, session.time('timeout'));
  if (multiSessionInterval === 0) return failure(message, BayeuxErrors.multipleClients, { advice });
  const reply = session.connectReply(message);
  return { ...reply, advice: { ...reply.advice, ...advice } };
}

/** The number of the last reply the client has seen. One that says nothing is taken to have seen none. */
function readAcknowledged({ body }: Incoming): number {
  const { ext } = body;
  const ack = isJsonObject(ext) ? ext['ack'] : undefined;
  return typeof ack === 'number' ? ack : 0;
}
