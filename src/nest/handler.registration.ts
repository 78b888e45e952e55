import { isThenable } from '../bayeux/maybe-promise.js';
import type { MaybePromise } from '../bayeux/ports.js';
import { type Failure, OperationRefusal } from '../bayeux/service.js';
import type { CometAuthorizer, CometChannel } from './comet-channel.js';
import { CometContext } from './comet-context.js';
import type { CometService } from './comet.service.js';
import type { CometSession } from './comet-session.js';
import type { Handlers } from './gateway-hub.js';
import { HandlerChannel } from './handler-channel.js';
import type { ExploredClass, ExploredMethod } from './handler.explorer.js';
import { calledOn } from './enhancer-contexts.js';
import type { HandlerFactory } from './method-handler.js';
import { ACK, OPERATIONS, parametersOf, typeOfParameter } from './operation-kinds.js';
import type { Handler, Operations } from './operation.js';

/** The handlers of all classes, each with what is bound to it. */
export function handlersOf(classes: readonly ExploredClass[], factory: HandlerFactory): Handlers {
  const of = <T>(pick: (type: ExploredClass, method: ExploredMethod) => readonly T[]): T[] =>
    classes.flatMap((type) => type.methods.flatMap((method) => pick(type, method)));
  const on = (names: 'publishes' | 'subscribes', operation: 'publish' | 'subscribe') =>
    of((type, method) => {
      if (method[names].length === 0) return [];
      const handler = factory.make(type, method.name, OPERATIONS[operation]);
      return method[names].map((name) => ({ channel: new HandlerChannel(name), handler }));
    });
  const hooks = (hook: ExploredMethod['lifeCycle'], operation: 'handshake' | 'disconnect') =>
    of((type, method) =>
      method.lifeCycle === hook && hook ? [factory.make(type, method.name, OPERATIONS[operation])] : [],
    );
  return {
    services: of((type, { message, name }) =>
      type.gateway === 'comet' && message !== undefined
        ? [
            {
              channel: new HandlerChannel(message as string),
              handler: factory.make(type, name, OPERATIONS.call),
              acknowledges: acknowledges(type, name),
            },
          ]
        : [],
    ),
    publishes: on('publishes', 'publish'),
    subscribes: on('subscribes', 'subscribe'),
    connections: hooks('handleConnection', 'handshake'),
    disconnections: hooks('handleDisconnect', 'disconnect'),
  };
}

/** Has the methods that `@OnChannel` marks listen to their channels, and those that `@CometAuthorize` marks authorize. */
export function listen(
  classes: readonly ExploredClass[],
  factory: HandlerFactory,
  operations: Operations,
  service: CometService,
): void {
  for (const type of classes) {
    for (const { name, hears, authorizes } of type.methods) {
      for (const channel of hears) {
        const handler = factory.make(type, name, OPERATIONS.message);
        service.channel(channel).addHandler(listener(handler, operations, channel));
      }
      for (const channel of authorizes) {
        const authorize = calledOn(type.instance, name).bind(type.instance);
        service.channel(channel).addAuthorizer(authorize as CometAuthorizer);
      }
    }
  }
}

type MessageListener = Parameters<CometChannel['addHandler']>[0];

function listener(handler: Handler, operations: Operations, pattern: string): MessageListener {
  return (message, sender, params, expired) => {
    // The server itself has no session, and no enhancer is there to see that.
    const session = sender as CometSession;
    const context = new CometContext('message', session, message.channel, params, undefined);
    const input = { context, data: message, pattern, expired };
    if (!sender || sender.local) return operations.direct(handler, input) as MaybePromise<boolean | void>;
    let passes: unknown;
    const failure = operations.run(handler, { ...input, result: (value) => (passes = value) });
    const settle = (failed: Failure | undefined): boolean => {
      if (failed) throw new OperationRefusal(failed);
      return passes !== false;
    };
    const answer: MaybePromise<boolean> = isThenable(failure) ? failure.then(settle) : settle(failure);
    return answer;
  };
}

function acknowledges({ reflected }: ExploredClass, methodName: string): boolean {
  return Object.keys(parametersOf(reflected, methodName)).some((key) => typeOfParameter(key) === ACK);
}
