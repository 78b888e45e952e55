import type { Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type NestContainer } from '@nestjs/core';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
} from '@nestjs/websockets/internal';
import { authorizedChannels } from './comet-authorize.decorator.js';
import { isBayeuxPath } from './gateway-path.js';
import type { HandlerHost } from './method-handler.js';
import { heardChannels } from './on-channel.decorator.js';
import { publishedChannels } from './on-publish.decorator.js';
import { subscribedChannels } from './on-subscribe.decorator.js';

/** What a class of the application is to Bayeux sessions. */
export type GatewayKind = 'comet' | 'other' | 'none';

/** A method, and what it is for. */
export interface ExploredMethod {
  readonly name: string;
  readonly method: (...args: never[]) => unknown;
  /** What `@SubscribeMessage` names. */
  readonly message: unknown;
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  readonly hears: readonly string[];
  readonly authorizes: readonly string[];
  readonly lifeCycle: 'handleConnection' | 'handleDisconnect' | undefined;
  /** Whether another part of Nest calls it: as a route, for a gateway of another kind, for a microservice. */
  readonly calledByNest: boolean;
}

/** A provider or controller that is made of a class. */
export interface ExploredClass extends HandlerHost {
  readonly name: string;
  readonly type: Type;
  readonly instance: object;
  readonly gateway: GatewayKind;
  readonly isStatic: boolean;
  readonly methods: readonly ExploredMethod[];
}

/** Microservices mark their handlers with this. */
const PATTERN_METADATA = 'microservices:pattern';

/**
 * Looks at all providers and controllers for methods that are marked. Only prototypes are read: values of the application
 * may be proxies that object to being asked for what they do not have.
 */
export function exploreHandlers(container: NestContainer, path: string): readonly ExploredClass[] {
  const scanner = new MetadataScanner();
  const seen = new Set<object>();
  const explored: ExploredClass[] = [];
  for (const [moduleKey, module] of container.getModules()) {
    for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
      const instance = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || wrapper.isAlias || seen.has(instance))
        continue;
      const prototype = prototypeOf(instance);
      if (!prototype) continue;
      seen.add(instance);
      const type = (wrapper.isNotMetatype ? prototype.constructor : wrapper.metatype) as Type;
      const gateway = wrapper.isNotMetatype ? 'none' : gatewayKind(type, path);
      const methods = scanner
        .getAllMethodNames(prototype)
        .map((name) => methodOf(name, prototype as Record<string, ExploredMethod['method']>, gateway));
      const hooks = gateway === 'comet' ? arrowHooks(instance, methods) : [];
      explored.push({
        wrapper,
        module,
        moduleKey,
        name: type.name,
        type,
        instance,
        gateway,
        isStatic: wrapper.isDependencyTreeStatic(),
        methods: [...methods, ...hooks],
      });
    }
  }
  return explored;
}

function prototypeOf(instance: object): object | undefined {
  try {
    const prototype = Object.getPrototypeOf(instance) as object | null;
    return prototype === null || prototype === Object.prototype ? undefined : prototype;
  } catch {
    // A proxy that does not even tell that.
    return undefined;
  }
}

function gatewayKind(type: Type, path: string): GatewayKind {
  if (Reflect.getMetadata(GATEWAY_METADATA, type) === undefined) return 'none';
  const options = Reflect.getMetadata(GATEWAY_OPTIONS, type) as { path?: string } | undefined;
  return isBayeuxPath(options?.path, path) ? 'comet' : 'other';
}

function methodOf(
  name: string,
  prototype: Record<string, ExploredMethod['method']>,
  gateway: GatewayKind,
): ExploredMethod {
  const method = prototype[name] as ExploredMethod['method'];
  const mapped = Reflect.getMetadata(MESSAGE_MAPPING_METADATA, method) !== undefined;
  return {
    name,
    method,
    message: mapped ? (Reflect.getMetadata(MESSAGE_METADATA, method) as unknown) : undefined,
    publishes: publishedChannels(method),
    subscribes: subscribedChannels(method),
    hears: heardChannels(method),
    authorizes: authorizedChannels(method),
    lifeCycle: gateway === 'comet' ? lifeCycleOf(name) : undefined,
    calledByNest:
      Reflect.getMetadata(PATH_METADATA, method) !== undefined ||
      Reflect.getMetadata(PATTERN_METADATA, method) !== undefined ||
      (mapped && gateway === 'other'),
  };
}

/** Hooks may also be properties of the instance, written as arrow functions. */
function arrowHooks(instance: object, methods: readonly ExploredMethod[]): ExploredMethod[] {
  return (['handleConnection', 'handleDisconnect'] as const).flatMap((name) => {
    if (!Object.hasOwn(instance, name) || methods.some((method) => method.name === name)) return [];
    const method = (instance as Record<string, unknown>)[name];
    if (typeof method !== 'function') return [];
    return [methodOf(name, instance as Record<string, ExploredMethod['method']>, 'comet')];
  });
}

function lifeCycleOf(name: string): ExploredMethod['lifeCycle'] {
  return name === 'handleConnection' || name === 'handleDisconnect' ? name : undefined;
}
