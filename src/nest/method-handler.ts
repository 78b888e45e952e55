import { type ContextId, ContextIdFactory, type NestContainer } from '@nestjs/core';
import {
  Injector,
  type InstanceWrapper,
  type Module,
  REQUEST_CONTEXT_ID,
  STATIC_CONTEXT,
} from '@nestjs/core/internal';
import type { Controller } from '@nestjs/common/internal';
import type { CometSession } from './comet-session.js';
import type { EnhancerContexts, Enhancers } from './enhancer-contexts.js';
import type { OperationKind } from './operation-kinds.js';
import type { Handler } from './operation.js';

/** A class that has handlers, and the module that it is of. */
export interface HandlerHost {
  readonly wrapper: InstanceWrapper;
  readonly module: Module;
  readonly moduleKey: string;
  /** Of its class. */
  readonly name: string;
  /** What there is of it without a request: where there is one for each, it was never constructed. */
  readonly instance: object;
  /** An object of the same class, for reading what is marked on it: the instance may be a proxy. */
  readonly reflected: object;
}

/** What handlers are made with: one for all of an application. */
export class HandlerFactory {
  readonly #injector = new Injector();
  readonly #contexts: EnhancerContexts;
  readonly #container: NestContainer;
  /** Enhancers of the whole application that are no singletons. Nest makes them for controllers alone. */
  readonly #scopedGlobals: InstanceWrapper[];

  constructor(contexts: EnhancerContexts, container: NestContainer) {
    this.#contexts = contexts;
    this.#container = container;
    const { applicationConfig: config } = container;
    this.#scopedGlobals = config
      ? [
          ...config.getGlobalRequestGuards(),
          ...config.getGlobalRequestInterceptors(),
          ...config.getGlobalRequestPipes(),
          ...config.getGlobalRequestFilters(),
        ]
      : [];
  }

  make(host: HandlerHost, methodName: string, kind: OperationKind): Handler {
    const { wrapper, moduleKey, instance, reflected } = host;
    const name = `${host.name}.${methodName}`;
    const enhancers = this.#contexts.of({
      instance,
      reflected,
      methodName,
      moduleKey,
      kind,
      // Transient enhancers are made for each class that they are bound to.
      contextId: STATIC_CONTEXT,
      inquirerId: wrapper.id,
    });
    // Nest makes one for each session, with all it depends on that is request-scoped.
    const scoped = !wrapper.isDependencyTreeStatic() || this.#scopedGlobals.length > 0;
    return {
      name,
      kind,
      fallback: enhancers,
      enhancersFor: scoped
        ? ({ session }) => this.#enhancersOf(session, host, methodName, kind)
        : () => enhancers,
    };
  }

  async #enhancersOf(
    session: CometSession,
    { wrapper, module, moduleKey, reflected, ...host }: HandlerHost,
    methodName: string,
    kind: OperationKind,
  ): Promise<Enhancers> {
    const contextId = this.#contextOf(session);
    const collection = module.controllers.has(wrapper.token) ? module.controllers : module.providers;
    const instance = wrapper.isDependencyTreeStatic()
      ? host.instance
      : await this.#injector.loadPerContext(wrapper.instance as Controller, module, collection, contextId);
    await this.#injector.loadEnhancersPerContext(wrapper, contextId, wrapper, this.#scopedGlobals);
    if (wrapper.isDependencyTreeStatic()) shareTransients(wrapper, contextId);
    return this.#contexts.of({
      instance,
      reflected,
      methodName,
      moduleKey,
      kind,
      contextId,
      inquirerId: wrapper.id,
    });
  }

  /**
   * One for each session, in which `REQUEST` is the session, as in gateways of Nest. Durable providers have the payload of
   * their own context there.
   */
  #contextOf(session: CometSession): ContextId {
    const contextId = ContextIdFactory.getByRequest(session as CometSession & Record<string, unknown>);
    if (!Object.hasOwn(session, REQUEST_CONTEXT_ID)) {
      Object.defineProperty(session, REQUEST_CONTEXT_ID, { value: contextId, configurable: true });
      const { payload = {} } = contextId as { payload?: object };
      // As in requests of Nest, but nothing may stand in for what the session says of itself.
      for (const [name, value] of Object.entries(payload)) {
        if (!(name in session)) Object.defineProperty(session, name, { value, configurable: true });
      }
      this.#container.registerRequestProvider(session, contextId);
    }
    return contextId;
  }
}

/** What is made for a class that is a singleton is found in no other context: not even where global enhancers have one. */
function shareTransients(host: InstanceWrapper, contextId: ContextId): void {
  const enhancers = (host.getEnhancersMetadata() as InstanceWrapper[] | undefined) ?? [];
  for (const enhancer of enhancers.filter(({ isTransient }) => isTransient)) {
    const made = enhancer.getInstanceByContextId(STATIC_CONTEXT, host.id);
    enhancer.setInstanceByContextId(contextId, made, host.id);
  }
}
