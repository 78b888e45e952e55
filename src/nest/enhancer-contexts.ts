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
} from '@nestjs/core/internal';
import type { NestContainer } from '@nestjs/core';
import type { CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  EXCEPTION_FILTERS_METADATA,
  type ExceptionFilterMetadata,
} from '@nestjs/common/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import { type OperationKind, parameterOf, type ParameterMetadata } from './operation-kinds.js';

/** A parameter of a handler: where its value comes from, and the pipes it goes through. */
export interface Parameter {
  readonly index: number;
  readonly extract: (args: readonly unknown[]) => unknown;
  readonly pipes: readonly PipeTransform[];
  readonly metadata: Pick<ParamProperties, 'type' | 'data' | 'schema'> & { readonly metatype?: unknown };
}

/** A filter that is bound to the handler or its class, or to the whole application. */
export interface BoundFilter extends ExceptionFilterMetadata {
  readonly global: boolean;
}

/** All that is bound to one handler. */
export interface Enhancers {
  readonly instance: object;
  readonly callback: (...args: unknown[]) => unknown;
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  /** `undefined` where the handler takes its arguments as they are. */
  readonly parameters: readonly Parameter[] | undefined;
  /** The nearest to the handler first. */
  readonly filters: readonly BoundFilter[];
}

/** Whose enhancers are looked for. */
export interface EnhancedMethod {
  readonly instance: object;
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
    const { instance, methodName, moduleKey, kind, contextId, inquirerId } = method;
    const callback = (instance as Record<string, Enhancers['callback']>)[methodName] as Enhancers['callback'];
    return {
      instance,
      callback,
      guards: kind.guarded ? this.#guards.create(instance, callback, moduleKey, contextId, inquirerId) : [],
      interceptors: this.#interceptors.create(instance, callback, moduleKey, contextId, inquirerId),
      parameters: this.#parameters(method, callback),
      filters: this.#filters.of(instance, callback, moduleKey, contextId, inquirerId),
    };
  }

  #parameters(method: EnhancedMethod, callback: Enhancers['callback']): readonly Parameter[] | undefined {
    const { instance, methodName, moduleKey, kind, contextId, inquirerId } = method;
    const common = kind.guarded
      ? this.#pipes.create(instance, callback, moduleKey, contextId, inquirerId)
      : [];
    const declared = this.#utils.reflectCallbackMetadata<Record<string, ParameterMetadata> | undefined>(
      instance,
      methodName,
      PARAM_ARGS_METADATA,
    );
    if (!declared && common.length === 0 && !kind.rearranged) return undefined;
    const types = this.#utils.reflectCallbackParamtypes(instance, methodName) as unknown[] | undefined;
    const contextOf = this.#utils.getContextFactory('ws', instance, callback);
    this.#pipes.setModuleContext(moduleKey);
    return Object.entries(declared ?? kind.parameters).map(([key, parameter]): Parameter => {
      const { index, data, pipes = [], schema, factory } = parameter;
      const custom = key.includes(CUSTOM_ROUTE_ARGS_METADATA);
      const type = this.#utils.mapParamType(key);
      return {
        index,
        extract:
          custom && factory
            ? (args) => factory(data, contextOf(args as unknown[]))
            : (args) => parameterOf(Number(type), data, args),
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
          type: custom ? type : Number(type),
          data: data as never,
          ...(schema !== undefined && { schema: schema as never }),
          metatype: types?.[index],
        },
      };
    });
  }
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
    if (!contextId) return everywhere;
    const scoped = (this.#config?.getGlobalRequestFilters() ?? []).flatMap((wrapper) => {
      const host = wrapper.getInstanceByContextId(this.getContextId(contextId, wrapper), inquirerId) as
        ReturnType<typeof wrapper.getInstanceByContextId> | undefined;
      return host?.isConstructorCalled ? [host.instance as unknown] : [];
    });
    return [...everywhere, ...scoped];
  }
}
