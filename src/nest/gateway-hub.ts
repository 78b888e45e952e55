import type { Type } from '@nestjs/common';
import type { MessageMappingProperties } from '@nestjs/websockets';
import { isObservable, lastValueFrom, tap } from 'rxjs';
import type { ServiceCall, ServiceOutcome, Services, SessionListener } from '../bayeux/service.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { Session } from '../bayeux/session.js';
import { type CallContext, currentCall } from './call-context.js';
import { CometSession } from './comet-session.js';
import { bindingOf } from './gateway-binding.js';

/** Binds a session to one gateway, and tells all gateways that it has come. */
export type GatewayConnector = (client: CometSession) => void;

/**
 * Between the protocol and the gateways of the application: sessions are their clients, `/service/…` channels their
 * messages. Nest keeps a closure for every handler and client, so handlers are bound at a session's first call.
 */
export class GatewayHub implements Services, SessionListener {
  readonly #connectors: GatewayConnector[] = [];
  readonly #clients = new WeakMap<Session, CometSession>();
  readonly #greeting: Type[] = [];
  #hooked = false;

  /** A gateway that serves Bayeux sessions. */
  connect(connector: GatewayConnector): void {
    this.#connectors.push(connector);
  }

  /** A gateway has hooks, which want to know of sessions from their beginning. */
  expectHooks(gateway: Type, greets: boolean): void {
    this.#hooked = true;
    if (greets) this.#greeting.push(gateway);
  }

  admit(session: Session): MaybePromise<void> {
    if (!this.#hooked) return;
    const client = this.#clientOf(session);
    // Gateways of one endpoint share their events: whichever is bound first makes them all known of the session.
    this.#connectors[0]?.(client);
    return bindingOf(client).admitted();
  }

  removed(session: Session): void {
    const client = this.#clients.get(session);
    if (client) for (const notify of bindingOf(client).onEnd.splice(0)) notify();
  }

  call(call: ServiceCall): MaybePromise<ServiceOutcome> {
    const client = this.#clientOf(call.session);
    const binding = bindingOf(client);
    if (!binding.complete) {
      binding.complete = true;
      for (const connector of this.#connectors) connector(client);
    }
    const handlers = binding.handlers.get(call.channel);
    return handlers ? this.#run(handlers, call) : { kind: 'unknown' };
  }

  async #run(handlers: readonly MessageMappingProperties[], call: ServiceCall): Promise<ServiceOutcome> {
    const context: CallContext = {};
    await currentCall.run(context, async () => {
      for (const { callback, isAckHandledManually } of handlers) {
        const acknowledge = isAckHandledManually ? [call.answer.bind(call)] : [];
        const invoke = callback as (...args: unknown[]) => unknown;
        await collect(await invoke(call.data, ...acknowledge, call.channel), call);
        if (context.error !== undefined) break;
      }
    });
    return context.error === undefined ? { kind: 'done' } : { kind: 'failed', error: context.error };
  }

  #clientOf(session: Session): CometSession {
    let client = this.#clients.get(session);
    if (!client) {
      this.#clients.set(session, (client = new CometSession(session)));
      bindingOf(client, this.#greeting);
    }
    return client;
  }
}

/** What a handler returns is the answer; every value of an Observable is one; nothing is none. */
async function collect(result: unknown, call: ServiceCall): Promise<void> {
  const answer = (value: unknown): void => {
    if (value !== undefined && value !== null) call.answer(value);
  };
  if (!isObservable(result)) {
    answer(result);
    return;
  }
  await lastValueFrom(result.pipe(tap(answer)), { defaultValue: undefined });
}
