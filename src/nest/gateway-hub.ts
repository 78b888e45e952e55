import type { Type } from '@nestjs/common';
import { isObservable, lastValueFrom, tap } from 'rxjs';
import type { ServiceCall, ServiceOutcome, Services, SessionListener } from '../bayeux/service.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { Session } from '../bayeux/session.js';
import { type CallContext, currentCall } from './call-context.js';
import { type CometSession, knownViewOf, viewOf } from './comet-session.js';
import { bindingOf, type BoundHandlers } from './gateway-binding.js';

/** Binds a session to one gateway, and tells all gateways of the same server that it has come. */
export type GatewayConnector = (client: CometSession) => void;

/**
 * What gateways get as their server. Nest makes one for each path that gateways name, and those share their events.
 */
export class GatewayServer {}

/**
 * Between the protocol and the gateways of the application: sessions are their clients, `/service/…` channels their
 * messages. Nest keeps a closure for every handler and client, so handlers are bound at a session's first call.
 */
export class GatewayHub implements Services, SessionListener {
  readonly #servers = new Set<GatewayServer>();
  readonly #gateways: { readonly connect: GatewayConnector; readonly announces: boolean }[] = [];
  readonly #greeting: Type[] = [];
  #hooked = false;

  /** A gateway that serves Bayeux sessions. */
  connect(server: GatewayServer, connector: GatewayConnector): void {
    // Binding the first gateway of a server makes a session known to the server's others.
    this.#gateways.push({ connect: connector, announces: !this.#servers.has(server) });
    this.#servers.add(server);
  }

  /** A gateway has hooks, which want to know of sessions from their beginning. */
  expectHooks(gateway: Type, greets: boolean): void {
    this.#hooked = true;
    if (greets) this.#greeting.push(gateway);
  }

  admit(session: Session): MaybePromise<void> {
    if (!this.#hooked) return;
    const client = this.#clientOf(session);
    const binding = bindingOf(client);
    binding.announced = true;
    for (const { connect, announces } of this.#gateways) if (announces) connect(client);
    return binding.admitted();
  }

  removed(session: Session): void {
    const client = knownViewOf(session);
    if (client) for (const notify of bindingOf(client).onEnd.splice(0)) notify();
  }

  call(call: ServiceCall): MaybePromise<ServiceOutcome> {
    const client = this.#clientOf(call.session);
    const binding = bindingOf(client);
    if (!binding.complete) {
      binding.complete = true;
      for (const { connect, announces } of this.#gateways) {
        if (!announces || !binding.announced) connect(client);
      }
    }
    const found = binding.find(call.channel);
    return found ? this.#run(found, call) : { kind: 'unknown' };
  }

  async #run({ handlers, params }: BoundHandlers, call: ServiceCall): Promise<ServiceOutcome> {
    const context: CallContext = { params };
    await currentCall.run(context, async () => {
      for (const { callback, isAckHandledManually } of handlers) {
        const acknowledge = isAckHandledManually ? [answerWith.bind(undefined, call)] : [];
        const invoke = callback as (...args: unknown[]) => unknown;
        await collect(await invoke(call.data, ...acknowledge, call.channel), call);
        if (context.error !== undefined) break;
      }
    });
    return context.error === undefined ? { kind: 'done' } : { kind: 'failed', error: context.error };
  }

  #clientOf(session: Session): CometSession {
    const client = viewOf(session);
    bindingOf(client, this.#greeting);
    return client;
  }
}

/** What a handler returns is the answer; every value of an Observable is one; nothing is none. */
async function collect(result: unknown, call: ServiceCall): Promise<void> {
  if (!isObservable(result)) {
    answerWith(call, result);
    return;
  }
  const answered = tap((value: unknown) => {
    answerWith(call, value);
  });
  await lastValueFrom(result.pipe(answered), { defaultValue: undefined });
}

function answerWith(call: ServiceCall, value: unknown): void {
  if (value !== undefined && value !== null) call.answer(value);
}
