import type { MessageMappingProperties } from '@nestjs/websockets';
import { type ChannelParams, ChannelTemplate } from '../bayeux/channel-template.js';

/** The handlers of a channel, and the variables of the template they were found by. */
export interface BoundHandlers {
  readonly handlers: readonly MessageMappingProperties[];
  readonly params: ChannelParams;
}

/** What Nest has bound to one session, and how its gateways took the session's beginning. */
export class GatewayBinding {
  /** Handlers by channel or template. */
  readonly #handlers = new Map<string, MessageMappingProperties[]>();
  readonly #templates: ChannelTemplate[] = [];
  /** To be called when the session ends. */
  readonly onEnd: (() => void)[] = [];
  /** True once gateways with hooks know of the session. */
  announced = false;
  /** True once all handlers are bound, which sessions that call no service do without. */
  complete = false;
  readonly #awaited: Set<unknown>;
  readonly #greeted = new Set<unknown>();
  readonly #parted = new Set<unknown>();
  #undecided = 0;
  #refusal: Error | undefined;
  #wake: (() => void) | undefined;

  /** `gateways` are those whose `handleConnection` shall be heard. */
  constructor(gateways: Iterable<unknown> = []) {
    this.#awaited = new Set(gateways);
  }

  bind(handlers: readonly MessageMappingProperties[]): void {
    for (const handler of handlers) {
      const channel = String(handler.message);
      const others = this.#handlers.get(channel);
      if (others) {
        others.push(handler);
        continue;
      }
      this.#handlers.set(channel, [handler]);
      if (ChannelTemplate.is(channel)) this.#templates.push(new ChannelTemplate(channel));
    }
  }

  /** The handlers of a channel: its own, or those of the first template that matches. */
  find(channel: string): BoundHandlers | undefined {
    const own = this.#handlers.get(channel);
    if (own) return { handlers: own, params: {} };
    for (const template of this.#templates) {
      const params = template.match(channel);
      if (params) return { handlers: this.#handlers.get(template.name) ?? [], params };
    }
    return undefined;
  }

  /** Runs a gateway's `handleConnection`, once. Its failure is the session's, and no one else's. */
  greet(gateway: unknown, hook: () => unknown): void {
    if (this.#greeted.has(gateway)) return;
    this.#greeted.add(gateway);
    try {
      const answer = hook() as PromiseLike<unknown> | undefined;
      if (typeof answer?.then === 'function') this.#await(answer);
    } catch (error) {
      this.refuse(error);
    }
    this.#awaited.delete(gateway);
    this.#wake?.();
  }

  /** Whether a gateway's `handleDisconnect` is still to be run. Nest repeats it where sessions end one another. */
  part(gateway: unknown): boolean {
    if (this.#parted.has(gateway)) return false;
    this.#parted.add(gateway);
    return true;
  }

  /** The session is not wanted. */
  refuse(reason: unknown): void {
    const { message = 'no reason given' } = (reason ?? {}) as { message?: string };
    this.#refusal ??= new Error(`a gateway does not want the session (${message})`, { cause: reason });
    this.#wake?.();
  }

  /**
   * Settles when all gateways have agreed; request-scoped ones are made first and asked later.
   *
   * @throws Error as soon as one has not.
   */
  admitted(): Promise<void> | undefined {
    if (this.#refusal) throw this.#refusal;
    if (this.#awaited.size === 0 && this.#undecided === 0) return undefined;
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        if (this.#refusal) reject(this.#refusal);
        else if (this.#awaited.size === 0 && this.#undecided === 0) resolve();
      };
    });
  }

  #await(answer: PromiseLike<unknown>): void {
    this.#undecided++;
    answer.then(
      () => {
        this.#undecided--;
        this.#wake?.();
      },
      (error: unknown) => {
        this.refuse(error);
      },
    );
  }
}

const bindings = new WeakMap<object, GatewayBinding>();

/** The binding of a session, made at its first need. */
export function bindingOf(client: object, gateways: Iterable<unknown> = []): GatewayBinding {
  let binding = bindings.get(client);
  if (!binding) bindings.set(client, (binding = new GatewayBinding(gateways)));
  return binding;
}
