import { Logger, type Type } from '@nestjs/common';
import { CometSession } from './comet-session.js';
import { bindingOf } from './gateway-binding.js';

const GUARDED = Symbol('nestjs-comet:guarded');

type Hook = ((this: Hooked, client: unknown, ...rest: unknown[]) => unknown) & { [GUARDED]?: true };
interface Hooked {
  handleConnection?: Hook;
  handleDisconnect?: Hook;
}

const logger = new Logger('Comet');

/**
 * Nest calls `handleConnection` and `handleDisconnect` where nobody waits for them: one that throws ends the process.
 * For Bayeux sessions the hooks are run so that a failed connection refuses the handshake, and a failed
 * disconnection is logged; other clients of the gateway are none the wiser.
 *
 * @returns whether the gateway has a `handleConnection`, and whether it has either hook.
 */
export function guardHooks(
  gateway: Type,
  instance: object | undefined,
): { greets: boolean; listens: boolean } {
  const prototype = gateway.prototype as Hooked;
  const targets: Hooked[] = [prototype];
  // Hooks may also be properties of the instance, written as arrow functions.
  if (
    instance &&
    (Object.hasOwn(instance, 'handleConnection') || Object.hasOwn(instance, 'handleDisconnect'))
  ) {
    targets.push(instance);
  }
  for (const target of targets) {
    guard(target, 'handleConnection', greet);
    guard(target, 'handleDisconnect', part);
  }
  const greets = targets.some((target) => typeof target.handleConnection === 'function');
  return {
    greets,
    listens: greets || targets.some((target) => typeof target.handleDisconnect === 'function'),
  };
}

function guard(
  target: Hooked,
  name: keyof Hooked,
  run: (client: CometSession, gateway: unknown, hook: () => unknown) => void,
): void {
  const hook = target[name];
  // One that is inherited may have been guarded with its parent.
  if (typeof hook !== 'function' || hook[GUARDED]) return;
  const guarded: Hook = function (client, ...rest) {
    // What a hook calls by `super` is part of that hook.
    if (!(client instanceof CometSession) || this[name] !== guarded) return hook.call(this, client, ...rest);
    // Sessions of the server itself are no clients.
    if (client.local) return undefined;
    run(client, this.constructor, () => hook.call(this, client, ...rest));
    return undefined;
  };
  guarded[GUARDED] = true;
  Object.defineProperty(target, name, { value: guarded, writable: true, configurable: true });
}

function greet(client: CometSession, gateway: unknown, hook: () => unknown): void {
  bindingOf(client).greet(gateway, hook);
}

function part(client: CometSession, gateway: unknown, hook: () => unknown): void {
  if (!bindingOf(client).part(gateway)) return;
  const failed = (error: unknown): void => {
    const { stack } = (error ?? {}) as { stack?: string };
    logger.error(`${(gateway as Type).name}.handleDisconnect failed.`, stack);
  };
  try {
    const answer = hook() as PromiseLike<unknown> | undefined;
    if (typeof answer?.then === 'function') answer.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
