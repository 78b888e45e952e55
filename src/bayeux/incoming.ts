import { type ChannelLimits, isChannel } from './channel.js';
import { plainName } from './dialect.js';
import { BayeuxErrors } from './errors.js';
import { isJsonObject, type JsonObject, type Reply } from './message.js';
import type { Dialect } from './ports.js';

/** A message whose channel and id were found good. They are decided once, here, and never read again. */
export interface Incoming {
  readonly channel: string;
  readonly id: string | undefined;
  readonly body: JsonObject;
  readonly dialect: Dialect | undefined;
  /** What extensions add to its reply, once that is made. */
  complete?: (reply: Reply) => void;
}

/** The reply that says what is wrong with a message. */
export interface Refusal {
  readonly reply: Reply;
}

/** Looks at the members that every message has. This comes before the session is looked for. */
export function validate(
  element: unknown,
  limits: { readonly channel: ChannelLimits; readonly maxIdLength: number },
  dialect?: Dialect,
): Incoming | Refusal {
  if (!isJsonObject(element)) return refuse({}, BayeuxErrors.messageInvalid);
  const id = readId(element['id'], limits.maxIdLength);
  const channel = plainName(element['channel'], dialect);
  if (!isChannel(channel, limits.channel)) {
    const known: Reply = id !== undefined && id !== INVALID ? { id } : {};
    if (channel === undefined) return refuse(known, BayeuxErrors.channelMissing);
    const echoed =
      typeof channel === 'string' && channel.length <= limits.channel.maxLength ? { channel } : {};
    return refuse({ ...echoed, ...known }, BayeuxErrors.channelInvalid);
  }
  if (id === INVALID) return refuse({ channel }, BayeuxErrors.messageIdInvalid);
  return { channel, id, body: element, dialect };
}

const INVALID = Symbol('invalid id');
const PRINTABLE = /^[\x20-\x7e]+$/;

function readId(id: unknown, maxLength: number): string | undefined | typeof INVALID {
  // Clients that serialise objects with empty fields write `null` for an id that they do not have.
  if (id === undefined || id === null) return undefined;
  if (typeof id === 'number' && Number.isFinite(id)) return String(id);
  return typeof id === 'string' && id.length <= maxLength && PRINTABLE.test(id) ? id : INVALID;
}

function refuse(known: Reply, error: string): Refusal {
  return { reply: { ...known, successful: false, error } };
}

/** The reply to `message`, with its channel and id. */
export function replyTo(message: Incoming, rest: Reply): Reply {
  const { channel, id } = message;
  const reply: Reply = id === undefined ? { channel, ...rest } : { channel, id, ...rest };
  message.complete?.(reply);
  return reply;
}

/** The reply that says `message` has failed. */
export function failure(message: Incoming, error: string, rest: Reply = {}): Reply {
  return replyTo(message, { ...echoSubscription(message), successful: false, error, ...rest });
}

/** Subscribe and unsubscribe replies repeat what they answer (Bayeux 1.0 §5.3). */
export function echoSubscription({ channel, body }: Incoming): Reply {
  const subscription = body['subscription'];
  const echoed = channel === '/meta/subscribe' || channel === '/meta/unsubscribe';
  return echoed && subscription !== undefined ? { subscription } : {};
}
