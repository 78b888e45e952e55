import { serialise } from '../bayeux/delivery.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { MaybePromise } from '../bayeux/ports.js';
import {
  type ClientMessage,
  type Failure,
  OperationRefusal,
  type PublishOutcome,
  type ServiceCall,
  type ServiceOutcome,
  type Services,
  type SessionListener,
} from '../bayeux/service.js';
import type { Session } from '../bayeux/session.js';
import type { SessionEnd } from '../bayeux/session-state.js';
import { CometContext } from './comet-context.js';
import { viewOf } from './comet-session.js';
import { byVariables, HandlerChannel } from './handler-channel.js';
import type { Handler, OperationInput, Operations } from './operation.js';

/** A handler, and the channel it is for. */
export interface ChannelHandler {
  readonly channel: HandlerChannel;
  readonly handler: Handler;
}

/** A handler of a service. */
export interface ServiceHandler extends ChannelHandler {
  /** Whether it answers through `@Ack()`. */
  readonly acknowledges: boolean;
}

/** The handlers of an application. */
export interface Handlers {
  readonly services: readonly ServiceHandler[];
  readonly publishes: readonly ChannelHandler[];
  readonly subscribes: readonly ChannelHandler[];
  readonly connections: readonly Handler[];
  readonly disconnections: readonly Handler[];
}

/** What gateways get as their server. */
export class GatewayServer {}

/**
 * Between the protocol and the handlers of the application: finds who is concerned, runs them with all that is bound to
 * them, and tells the protocol what has become of it. Sessions are what Nest calls clients.
 */
export class GatewayHub implements Services, SessionListener {
  #operations: Operations | undefined;
  readonly #services = new Map<string, ServiceHandler>();
  #templates: readonly ServiceHandler[] = [];
  #publishes: readonly ChannelHandler[] = [];
  #subscribes: readonly ChannelHandler[] = [];
  #connections: readonly Handler[] = [];
  #disconnections: readonly Handler[] = [];
  /** Farewells that take their time. */
  readonly #parting = new Set<PromiseLike<unknown>>();

  /** Begins to serve; without it no channel has a handler. */
  use(operations: Operations, handlers: Handlers): void {
    this.#operations = operations;
    for (const service of handlers.services) this.#services.set(service.channel.name, service);
    this.#templates = handlers.services
      .filter(({ channel }) => channel.name.includes('{'))
      .sort((left, right) => byVariables(left.channel.name, right.channel.name));
    this.#publishes = sorted(handlers.publishes);
    this.#subscribes = sorted(handlers.subscribes);
    this.#connections = handlers.connections;
    this.#disconnections = handlers.disconnections;
  }

  admit(
    session: Session,
    { id, ext }: { id: string | undefined; ext: unknown },
    expired: () => boolean,
  ): MaybePromise<void> {
    const operations = this.#operations;
    if (!operations || this.#connections.length === 0) return undefined;
    const view = viewOf(session);
    const data = ext ?? {};
    const pattern = '/meta/handshake';
    const failures = this.#connections.map((handler) =>
      operations.run(handler, {
        context: new CometContext('handshake', view, pattern, {}, id),
        data,
        pattern,
        expired,
      }),
    );
    const refuse = (settled: readonly (Failure | undefined)[]): void => {
      const failure = settled.find((other) => other !== undefined);
      if (failure) throw new OperationRefusal(failure);
    };
    if (failures.some((failure) => isThenable(failure))) {
      return Promise.all(failures.map((failure) => Promise.resolve(failure))).then(refuse);
    }
    refuse(failures as (Failure | undefined)[]);
    return undefined;
  }

  removed(session: Session, why: SessionEnd): void {
    const operations = this.#operations;
    if (!operations || session.state.local) return;
    const pattern = '/meta/disconnect';
    for (const handler of this.#disconnections) {
      const context = new CometContext('disconnect', viewOf(session), pattern, {}, undefined);
      const parting = operations.run(handler, { context, data: why, pattern });
      if (!isThenable(parting)) continue;
      this.#parting.add(parting);
      void parting.then(() => this.#parting.delete(parting));
    }
  }

  /** Resolves when every `handleDisconnect` that was called has come to its end. */
  async parted(): Promise<void> {
    await Promise.all(this.#parting);
  }

  call(call: ServiceCall, expired: () => boolean): MaybePromise<ServiceOutcome> {
    const operations = this.#operations;
    const found = this.#find(call.channel);
    if (!operations || !found) return { kind: 'unknown' };
    const { handler, channel, acknowledges } = found.service;
    const context = new CometContext('call', viewOf(call.session), call.channel, found.params, call.id);
    const answer = (value: unknown): void => {
      if (value !== undefined) call.answer(value);
    };
    const failure = operations.run(handler, {
      context,
      data: call.data,
      pattern: channel.name,
      expired,
      result: answer,
      ...(acknowledges && { acknowledge: answer }),
    });
    return isThenable(failure) ? failure.then(outcomeOf) : outcomeOf(failure);
  }

  get judgesPublishes(): boolean {
    return this.#publishes.length > 0;
  }

  publish(message: ClientMessage, expired: () => boolean): MaybePromise<PublishOutcome> {
    const { session, channel, id } = message;
    const operations = this.#operations;
    if (!operations || session.state.local) return { kind: 'passed', data: message.data };
    const step = (index: number, data: unknown): MaybePromise<PublishOutcome> => {
      for (let at = index; at < this.#publishes.length; at++) {
        const { handler, channel: own } = this.#publishes[at] as ChannelHandler;
        const params = own.matches(channel);
        if (!params) continue;
        let result: unknown;
        const context = new CometContext('publish', viewOf(session), channel, params, id);
        const failure = operations.run(handler, {
          context,
          data,
          pattern: own.name,
          expired,
          result: (value) => {
            // Before listeners hear of what cannot be sent.
            if (value !== undefined && value !== data) serialise(value);
            result = value;
          },
        });
        const next = (failed: Failure | undefined): MaybePromise<PublishOutcome> => {
          if (failed) return { kind: 'failed', failure: failed };
          if (result === false) return { kind: 'failed', failure: { error: BayeuxErrors.messageDeleted } };
          if (expired()) return { kind: 'failed', failure: { error: BayeuxErrors.publishFailed } };
          return step(at + 1, result === undefined || result === true ? data : result);
        };
        return isThenable(failure) ? failure.then(next) : next(failure);
      }
      return { kind: 'passed', data };
    };
    return step(0, message.data);
  }

  subscribe(
    { session, channel, id }: Omit<ClientMessage, 'data'>,
    expired: () => boolean,
  ): MaybePromise<Failure | undefined> {
    return this.#judge(session, channel, id, expired, (operations, handler, input) => {
      let refused = false;
      const failure = operations.run(handler, { ...input, result: (value) => (refused = value === false) });
      const settle = (failed: Failure | undefined): Failure | undefined =>
        failed ?? (refused ? NOT_WANTED : undefined);
      return isThenable(failure) ? failure.then(settle) : settle(failure);
    });
  }

  resubscribe(
    session: Session,
    subscription: string,
    expired: () => boolean,
  ): MaybePromise<Failure | undefined> {
    return this.#judge(session, subscription, undefined, expired, (operations, handler, input) =>
      operations.guard(handler, input),
    );
  }

  /** Asks everyone whose channels a subscription overlaps with, as long as none refuses it. */
  #judge(
    session: Session,
    subscription: string,
    id: string | undefined,
    expired: () => boolean,
    ask: (
      operations: Operations,
      handler: Handler,
      input: OperationInput,
    ) => MaybePromise<Failure | undefined>,
  ): MaybePromise<Failure | undefined> {
    const operations = this.#operations;
    if (!operations || this.#subscribes.length === 0 || session.state.local) return undefined;
    const step = (index: number): MaybePromise<Failure | undefined> => {
      for (let at = index; at < this.#subscribes.length; at++) {
        const { handler, channel } = this.#subscribes[at] as ChannelHandler;
        const params = channel.overlaps(subscription);
        if (!params) continue;
        const context = new CometContext('subscribe', viewOf(session), subscription, params, id);
        const failure = ask(operations, handler, {
          context,
          data: subscription,
          pattern: channel.name,
          expired,
        });
        if (isThenable(failure)) return failure.then((failed) => failed ?? (expired() ? LATE : step(at + 1)));
        if (failure) return failure;
      }
      return undefined;
    };
    return step(0);
  }

  #find(channel: string): { service: ServiceHandler; params: CometContext['params'] } | undefined {
    const own = this.#services.get(channel);
    if (own) return { service: own, params: {} };
    for (const service of this.#templates) {
      const params = service.channel.matches(channel);
      if (params) return { service, params };
    }
    return undefined;
  }
}

const NOT_WANTED: Failure = { error: '403:denied_by_handler:subscribe_denied' };
const LATE: Failure = { error: BayeuxErrors.subscribeFailed };
const DONE: ServiceOutcome = { kind: 'done' };

function outcomeOf(failure: Failure | undefined): ServiceOutcome {
  return failure ? { kind: 'failed', failure } : DONE;
}

function sorted(handlers: readonly ChannelHandler[]): readonly ChannelHandler[] {
  return [...handlers].sort((left, right) => HandlerChannel.byGenerality(left.channel, right.channel));
}
