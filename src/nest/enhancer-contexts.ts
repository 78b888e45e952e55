import { types } from 'node:util';
import type { ContextId } from '@nestjs/core';
import {
  BaseExceptionFilterContext,
  ContextUtils,
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
  type ParamProperties,
  PipesConsumer,
  PipesContextCreator,
  STATIC_CONTEXT,
} from '@nestjs/core/internal';
import type { NestContainer } from '@nestjs/core';
import type { CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  EXCEPTION_FILTERS_METADATA,
  type ExceptionFilterMetadata,
} from '@nestjs/common/internal';
import { type OperationKind, parameterOf, parametersOf, typeOfParameter } from './operation-kinds.js';

/** A parameter of a handler: where its value comes from, and the pipes it goes through. */
export interface Parameter {
  readonly index: number;
  readonly extract: (args: readonly unknown[]) => unknown;
  readonly pipes: PipeTransform[];
  readonly metadata: Pick<ParamProperties, 'type' | 'data' | 'schema'> & { readonly metatype?: unknown };
}

/** A filter that is bound to the handler or its class, or to the whole application. */
export interface BoundFilter extends ExceptionFilterMetadata {
  readonly global: boolean;
}

/** All that is bound to one handler. */
export interface Enhancers {
  readonly instance: object;
  /** The method as its class has it, with all that is marked on it. */
  readonly callback: (...args: unknown[]) => unknown;
  /** The method as it is called on the instance. */
  readonly call: (...args: unknown[]) => unknown;
  /** An object of the same class, for reading what is marked on it. */
  readonly reflected: object;
  readonly guards: CanActivate[];
  readonly interceptors: NestInterceptor[];
  /** `undefined` where the handler takes its arguments as they are. */
  readonly parameters: readonly Parameter[] | undefined;
  /** The nearest to the handler first. */
  readonly filters: readonly BoundFilter[];
}

/** Whose enhancers are looked for. */
export interface EnhancedMethod {
  readonly instance: object;
  /** An object of the same class, which is read in its place: the instance may be a proxy that shows other things. */
  readonly reflected: object;
  readonly methodName: string;
  readonly moduleKey: string;
  readonly kind: OperationKind;
  /** Where the instance is made for one session. */
  readonly contextId?: ContextId;
  readonly inquirerId?: string;
}

/**
 * Finds what is bound to handlers, by the parts that Nest's own packages for gateways, controllers and microservices use
 * for it: global enhancers, those of the class and those of the method, in Nest's order. Global filters are among them,
 * which Nest leaves out for gateways.
 */
export class EnhancerContexts {
  readonly guardsConsumer = new GuardsConsumer();
  readonly interceptorsConsumer = new InterceptorsConsumer();
  readonly pipesConsumer = new PipesConsumer();
  readonly #guards: GuardsContextCreator;
  readonly #interceptors: InterceptorsContextCreator;
  readonly #pipes: PipesContextCreator;
  readonly #filters: FiltersContext;
  readonly #utils = new ContextUtils();

  constructor(container: NestContainer) {
    const config = container.applicationConfig;
    this.#guards = new GuardsContextCreator(container, config);
    this.#interceptors = new InterceptorsContextCreator(container, config);
    this.#pipes = new PipesContextCreator(container, config);
    this.#filters = new FiltersContext(container);
  }

  of(method: EnhancedMethod): Enhancers {
    const { instance, reflected, methodName, moduleKey, kind, contextId, inquirerId } = method;
    const call = calledOn(instance, methodName);
    // Hooks that are arrow functions are of the instance alone.
    const callback = (reflected as Partial<Record<string, Enhancers['callback']>>)[methodName] ?? call;
    return {
      instance,
      callback,
      call,
      reflected,
      guards: kind.guarded ? this.#guards.create(reflected, callback, moduleKey, contextId, inquirerId) : [],
      interceptors: this.#interceptors.create(reflected, callback, moduleKey, contextId, inquirerId),
      parameters: this.#parameters(method, callback),
      filters: this.#filters.of(reflected, callback, moduleKey, contextId, inquirerId),
    };
  }

  #parameters(method: EnhancedMethod, callback: Enhancers['callback']): readonly Parameter[] | undefined {
    const { reflected, methodName, moduleKey, kind, contextId, inquirerId } = method;
    const common = kind.guarded
      ? this.#pipes.create(reflected, callback, moduleKey, contextId, inquirerId)
      : [];
    const declared = parametersOf(reflected, methodName);
    const isDeclared = Object.keys(declared).length > 0;
    if (!isDeclared && common.length === 0 && !kind.rearranged) return undefined;
    const types = this.#utils.reflectCallbackParamtypes(reflected, methodName) as unknown[] | undefined;
    const contextOf = this.#utils.getContextFactory('ws', reflected, callback);
    this.#pipes.setModuleContext(moduleKey);
    return Object.entries(isDeclared ? declared : kind.parameters).map(([key, parameter]): Parameter => {
      const { index, data, pipes = [], schema, factory } = parameter;
      const custom = key.includes(CUSTOM_ROUTE_ARGS_METADATA);
      const type = typeOfParameter(key);
      return {
        index,
        extract:
          custom && factory
            ? (args) => factory(data, contextOf(args as unknown[]))
            : (args) => parameterOf(type, data, args),
        pipes: kind.guarded
          ? [
              ...common,
              ...this.#pipes.createConcreteContext<unknown[], PipeTransform[]>(
                pipes as unknown[],
                contextId,
                inquirerId,
              ),
            ]
          : [],
        metadata: {
          type: custom ? this.#utils.mapParamType(key) : type,
          data: data as never,
          ...(schema !== undefined && { schema: schema as never }),
          metatype: types?.[index],
        },
      };
    });
  }
}

/** A method of an instance. One of a proxy is looked up when it is called, as it may depend on the time. */
export function calledOn(instance: object, methodName: string): Enhancers['call'] {
  const methods = instance as Record<string, Enhancers['call']>;
  if (!types.isProxy(instance)) return methods[methodName] as Enhancers['call'];
  return (...args) => (methods[methodName] as Enhancers['call']).apply(instance, args);
}

/** As Nest's own, with global filters apart: these may know HTTP only. */
class FiltersContext extends BaseExceptionFilterContext {
  readonly #config: NestContainer['applicationConfig'];

  constructor(container: NestContainer) {
    super(container);
    this.#config = container.applicationConfig;
  }

  of(
    instance: object,
    callback: Enhancers['callback'],
    moduleKey: string,
    contextId?: ContextId,
    inquirerId?: string,
  ): BoundFilter[] {
    this.moduleContext = moduleKey;
    const own = this.createContext<unknown[], ExceptionFilterMetadata[]>(
      instance,
      callback,
      EXCEPTION_FILTERS_METADATA,
      contextId,
      inquirerId,
    );
    const global = this.createConcreteContext<unknown[], ExceptionFilterMetadata[]>(
      this.#globalFilters(contextId, inquirerId),
      contextId,
      inquirerId,
    );
    return [
      ...own.reverse().map((filter) => ({ ...filter, global: false })),
      ...global.reverse().map((filter) => ({ ...filter, global: true })),
    ];
  }

  #globalFilters(contextId?: ContextId, inquirerId?: string): unknown[] {
    const everywhere = this.#config?.getGlobalFilters() ?? [];
    if (!contextId || contextId === STATIC_CONTEXT) return everywhere;
    const scoped = (this.#config?.getGlobalRequestFilters() ?? []).flatMap((wrapper) => {
      const host = wrapper.getInstanceByContextId(this.getContextId(contextId, wrapper), inquirerId) as
        ReturnType<typeof wrapper.getInstanceByContextId> | undefined;
      return host?.isConstructorCalled ? [host.instance as unknown] : [];
    });
    return [...everywhere, ...scoped];
  }
}
