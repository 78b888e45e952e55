import type { ChannelMessage } from './channel-settings.js';
import type { Core } from './core.js';
import { type Composed, Delivery } from './delivery.js';
import { BinaryData } from './extensions/binary.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import type { MaybePromise, PublishResult } from './ports.js';
import { type Failure, OperationRefusal } from './service.js';
import type { Session } from './session.js';

/** A message to the subscribers of its channel, or to all sessions of a user. */
export interface Sending extends Composed {
  readonly tenant: string;
  /** The user whose sessions get it; without one the subscribers do. */
  readonly userId?: string;
  /** The session that sends it, if it is not the server itself. */
  readonly sender?: Session | undefined;
}

export const NOBODY: PublishResult = Object.freeze({ sessions: 0 });

/**
 * The way of every message from its sender to the engine: it is written once, and extensions of the server see it once.
 *
 * @throws TypeError if JSON cannot express the data.
 */
export function send(core: Core, sending: Sending): MaybePromise<PublishResult> {
  const { tenant, userId, sender, channel } = sending;
  const delivery = compose(core, sending, sender);
  if (!delivery) return NOBODY;
  if (userId !== undefined) return core.engine.publish({ to: 'user', tenant, userId, delivery });
  return core.engine.publish({
    to: 'channel',
    tenant,
    delivery,
    ...(sender && { sender: sender.id, echo: isEchoed(core, sender, channel) }),
  });
}

/** The message as it goes out, or nothing if an extension keeps it back. */
export function compose(
  core: Core,
  { channel, data, ext, lazy }: Composed,
  sender?: Session,
  receiver?: Session,
): Delivery | undefined {
  const plain = data instanceof BinaryData && !core.options.binary ? data.toJSON() : data;
  const delivery = new Delivery(channel, plain, { ext, lazy, timestamp: core.timestamp() });
  return core.extensions.delivery(delivery, sender, receiver);
}

/**
 * Asks everyone who listens to the channel, the most general first, as long as nobody says no. Whoever fails, or takes
 * too long, does.
 *
 * @returns whether it passes, or why it does not where a listener says so.
 */
export function passesListeners(
  core: Core,
  tenant: string,
  sent: ChannelMessage,
  sender: Session | undefined,
): MaybePromise<boolean | Failure> {
  if (core.channels.empty) return true;
  const message = tenant === '' ? sent : { ...sent, tenant };
  const listeners = core.channels
    .matching(tenant, message.channel)
    .flatMap(({ settings, params }) => settings.listeners.all.map((listener) => ({ listener, params })));
  if (listeners.length === 0) return true;

  const failed = (error: unknown): boolean | Failure => {
    if (error instanceof OperationRefusal) return error.failure;
    core.logger.error(`A listener on ${message.channel} failed, so its message is deleted.`, error);
    return false;
  };
  const ask = (from: number, expired: () => boolean): MaybePromise<boolean> => {
    for (let index = from; index < listeners.length; index++) {
      const { listener, params } = listeners[index] as (typeof listeners)[number];
      const answer = listener.message?.(message, sender, params, expired);
      if (isThenable(answer)) {
        return answer.then((settled) => settled !== false && !expired() && ask(index + 1, expired));
      }
      if (answer === false) return false;
    }
    return true;
  };
  try {
    const answer = withTimeLimit(
      core.scheduler,
      core.options.hookTimeout,
      `The listeners on ${message.channel}`,
      (expired) => ask(0, expired),
    );
    return isThenable(answer) ? answer.then(undefined, failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** Off for the server, for the session, or for whatever matches the channel, is off. */
function isEchoed({ options, channels }: Core, sender: Session, channel: string): boolean {
  if (!options.broadcastToPublisher || sender.state.own.broadcastToPublisher === false) return false;
  if (channels.empty) return true;
  return channels
    .matching(sender.principal.tenant, channel)
    .every(({ settings }) => settings.broadcastToPublisher);
}
