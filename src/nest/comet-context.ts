import { AsyncLocalStorage } from 'node:async_hooks';
import type { ArgumentsHost } from '@nestjs/common';
import type { ChannelParams } from '../bayeux/channel-template.js';
import type { Failure } from '../bayeux/service.js';
import type { CometSession } from './comet-session.js';

/**
 * What a client asks for, or what happens to its session: a call of a service (`@SubscribeMessage`), a publish
 * (`@OnPublish`), a message that is heard (`@OnChannel`), a subscribe (`@OnSubscribe`), the beginning of a session
 * (`handleConnection`) and its end (`handleDisconnect`).
 *
 * @publicApi
 */
export type CometOperation = 'call' | 'publish' | 'message' | 'subscribe' | 'handshake' | 'disconnect';

/**
 * The operation of a Bayeux session that guards, pipes, interceptors, filters and handlers are at work on. Nest's context
 * type is `ws`; the session is the client, and what the client sent is the data.
 *
 * @example
 * canActivate(context: ExecutionContext) {
 *   const { channel, params, session } = CometContext.of(context);
 *   return this.rooms.isMember(params.room, session.userId);
 * }
 *
 * @publicApi
 */
export class CometContext {
  /** @internal */
  failure: Failure | undefined;

  /** @internal */
  constructor(
    readonly operation: CometOperation,
    readonly session: CometSession,
    /** The channel or, of a subscribe, the channel or pattern that is asked for. `/meta/handshake` and `/meta/disconnect` at the ends of a session. */
    readonly channel: string,
    /** The variables of the template by which the handler was found. A pattern that is subscribed to has its wildcards there. */
    readonly params: ChannelParams,
    /** The id of the message, if the client gave it one. */
    readonly id: string | undefined,
  ) {}

  /** @throws TypeError if the context is none of a Bayeux session: ask `find` where both kinds may come. */
  static of(host: ArgumentsHost): CometContext {
    const context = CometContext.find(host);
    if (context) return context;
    throw new TypeError(
      `CometContext.of was given a context of "${host.getType<string>()}" that is none of a Bayeux session: ` +
        'use CometContext.find, which tells them apart.',
    );
  }

  /** The same, or `undefined` for anything but an operation of a Bayeux session. */
  static find(host: ArgumentsHost): CometContext | undefined {
    if (host.getType<string>() !== 'ws') return undefined;
    return host.getArgs<unknown[]>().find((argument) => argument instanceof CometContext);
  }
}

/** Where failures that Nest's own filters report to the client find their operation. */
export const currentOperation = new AsyncLocalStorage<CometContext>();
