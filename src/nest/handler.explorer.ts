import { types } from 'node:util';
import type { Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/internal';
import { MetadataScanner, type NestContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  MESSAGE_MAPPING_METADATA,
  MESSAGE_METADATA,
} from '@nestjs/websockets/internal';
import { authorizedChannels } from './comet-authorize.decorator.js';
import { isBayeuxPath } from './gateway-path.js';
import type { HandlerHost } from './method-handler.js';
import { parametersOf } from './operation-kinds.js';
import { heardChannels } from './on-channel.decorator.js';
import { publishedChannels } from './on-publish.decorator.js';
import { subscribedChannels } from './on-subscribe.decorator.js';

/** What a class of the application is to Bayeux sessions. */
export type GatewayKind = 'comet' | 'other' | 'none';

type Method = (...args: never[]) => unknown;

/** A method, and what it is for. */
export interface ExploredMethod {
  readonly name: string;
  readonly method: Method;
  /** What `@SubscribeMessage` names, `null` where it names nothing, and `undefined` without it. */
  readonly message: unknown;
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  readonly hears: readonly string[];
  readonly authorizes: readonly string[];
  readonly lifeCycle: 'handleConnection' | 'handleDisconnect' | undefined;
  /** Whether another part of Nest calls it: as a route, for a gateway of another kind, for a microservice. */
  readonly calledByNest: boolean;
}

/** A member of a class that looks like a handler, and that no message could ever reach. */
export interface Misplaced {
  readonly name: string;
  readonly why: 'static' | 'symbol' | 'accessor' | 'unlisted';
}

/** A provider or controller that is made of a class. */
export interface ExploredClass extends HandlerHost {
  readonly type: Type;
  /** Whether it is listed as a class. Values, and what factories make, may be several of one class. */
  readonly listed: boolean;
  readonly gateway: GatewayKind;
  readonly isStatic: boolean;
  /** What makes an instance for each request where that cannot work. */
  readonly perUse: 'transient' | 'factory' | undefined;
  /** Those that something is marked on, or on a parameter, and hooks. */
  readonly methods: readonly ExploredMethod[];
  readonly misplaced: readonly Misplaced[];
}

/** Microservices mark their handlers with this. */
const PATTERN_METADATA = 'microservices:pattern';

const HOOKS = ['handleConnection', 'handleDisconnect'] as const;

/**
 * Looks at all providers and controllers for methods that are marked. Only prototypes are read: values of the application
 * may be proxies that object to being asked for what they do not have.
 */
export function exploreHandlers(container: NestContainer, path: string): readonly ExploredClass[] {
  const scanner = new MetadataScanner();
  const seen = new Set<object>();
  const classes = hostsOf(container).flatMap((host): ExploredClass[] => {
    const { wrapper } = host;
    const source = sourceOf(wrapper);
    // A value or factory may hand on what is a provider of its own.
    if (!source || seen.has(source.instance)) return [];
    seen.add(source.instance);
    const { instance, prototype, type } = source;
    const reflected = Object.create(prototype) as object;
    const listed = !wrapper.isNotMetatype;
    const gateway = gatewayKind(type, path);
    const methods = scanner
      .getAllMethodNames(prototype)
      .filter((name) => isOfInterest(name, prototype as Record<string, Method>, reflected, gateway))
      .map((name) => methodOf(name, prototype as Record<string, Method>, gateway));
    const hooks = gateway === 'comet' ? arrowHooks(instance, methods) : [];
    return [
      {
        ...host,
        name: types.isProxy(type) ? String(wrapper.name) : nameOf(type),
        type,
        instance,
        reflected,
        listed,
        gateway,
        isStatic: wrapper.isDependencyTreeStatic(),
        perUse: wrapper.isTransient
          ? 'transient'
          : wrapper.isFactory && isPerUse(wrapper)
            ? 'factory'
            : undefined,
        methods: [...methods, ...hooks],
        misplaced: misplacedOf(type, prototype, gateway),
      },
    ];
  });
  return [...classes, ...unlisted(container, new Set(classes.map(({ type }) => type)), scanner)];
}

/** Classes with handlers that are enhancers or middleware, and no providers. */
function unlisted(
  container: NestContainer,
  known: ReadonlySet<Type>,
  scanner: MetadataScanner,
): ExploredClass[] {
  return [...container.getModules()].flatMap(([moduleKey, module]) =>
    [...module.injectables.values(), ...module.middlewares.values()].flatMap((wrapper): ExploredClass[] => {
      const source = wrapper.isNotMetatype ? undefined : classSource(wrapper.metatype, null);
      if (!source || known.has(source.type)) return [];
      const { instance, prototype, type } = source;
      const names = scanner
        .getAllMethodNames(prototype)
        .filter((name) => isMarked((prototype as Record<string, unknown>)[name]));
      if (names.length === 0) return [];
      return [
        {
          wrapper,
          module,
          moduleKey,
          type,
          instance,
          name: nameOf(type),
          reflected: prototype,
          listed: false,
          gateway: 'none',
          isStatic: true,
          perUse: undefined,
          methods: [],
          misplaced: names.map((name) => ({ name, why: 'unlisted' })),
        },
      ];
    }),
  );
}

/** Classes first, so that what factories hand on is known as the class that it is. */
function hostsOf(container: NestContainer): Pick<HandlerHost, 'wrapper' | 'module' | 'moduleKey'>[] {
  const hosts = [...container.getModules()].flatMap(([moduleKey, module]) =>
    [...module.providers.values(), ...module.controllers.values()]
      .filter(({ isAlias }) => !isAlias)
      .map((wrapper) => ({ wrapper, module, moduleKey })),
  );
  return [
    ...hosts.filter(({ wrapper }) => !wrapper.isNotMetatype),
    ...hosts.filter(({ wrapper }) => wrapper.isNotMetatype),
  ];
}

interface Source {
  readonly instance: object;
  readonly prototype: object;
  readonly type: Type;
}

/** The class that a provider is made of. A proxy is asked nothing, not even for its prototype. */
function sourceOf(wrapper: InstanceWrapper): Source | undefined {
  const instance = wrapper.instance as unknown;
  if (typeof instance === 'object' && instance !== null && !types.isProxy(instance)) {
    const prototype = Object.getPrototypeOf(instance) as object | null;
    if (prototype === null || !isPlain(prototype)) return undefined;
    const type = wrapper.isNotMetatype ? constructorOf(prototype) : (wrapper.metatype as Type);
    return type && { instance, prototype, type };
  }
  if (!wrapper.isNotMetatype) {
    return types.isProxy(instance) ? classSource(wrapper.metatype, instance as object) : undefined;
  }
  // Of a factory the token tells, where it is a class: also while there is no instance, as there is one for each request.
  const made = wrapper.isFactory && (isPerUse(wrapper) || types.isProxy(instance));
  return made ? classSource(wrapper.token, types.isProxy(instance) ? (instance as object) : null) : undefined;
}

function isPerUse(wrapper: InstanceWrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

function classSource(type: unknown, instance: object | null): Source | undefined {
  if (typeof type !== 'function' || types.isProxy(type)) return undefined;
  const prototype = Object.getOwnPropertyDescriptor(type, 'prototype')?.value as object | null | undefined;
  if (typeof prototype !== 'object' || prototype === null || !isPlain(prototype)) return undefined;
  return { instance: instance ?? prototype, prototype, type: type as Type };
}

/** Whether a chain of prototypes begins with a class of the application, and has no proxy in it. */
function isPlain(prototype: object): boolean {
  if (prototype === Object.prototype) return false;
  for (let link: object | null = prototype; link; link = Object.getPrototypeOf(link) as object | null) {
    if (types.isProxy(link)) return false;
  }
  return true;
}

function constructorOf(prototype: object): Type | undefined {
  const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof type === 'function' && !types.isProxy(type) ? (type as Type) : undefined;
}

/** Classes may have a static member of that name. */
function nameOf(type: Type): string {
  const name: unknown = Object.getOwnPropertyDescriptor(type, 'name')?.value;
  return typeof name === 'string' && name !== '' ? name : 'A class without a name';
}

function gatewayKind(type: Type, path: string): GatewayKind {
  if (Reflect.getMetadata(GATEWAY_METADATA, type) === undefined) return 'none';
  const options = Reflect.getMetadata(GATEWAY_OPTIONS, type) as { path?: string } | undefined;
  return isBayeuxPath(options?.path, path) ? 'comet' : 'other';
}

/** Most methods of an application are not. */
function isOfInterest(
  name: string,
  prototype: Record<string, Method>,
  reflected: object,
  gateway: GatewayKind,
): boolean {
  if (hasMetadata(prototype[name] as Method)) return true;
  if (gateway === 'comet' && HOOKS.some((hook) => hook === name)) return true;
  return Object.keys(parametersOf(reflected, name)).length > 0;
}

function hasMetadata(method: object): boolean {
  if (Reflect.getOwnMetadataKeys(method).length > 0) return true;
  return Object.getPrototypeOf(method) !== Function.prototype && Reflect.getMetadataKeys(method).length > 0;
}

function methodOf(name: string, prototype: Record<string, Method>, gateway: GatewayKind): ExploredMethod {
  const method = prototype[name] as Method;
  const lifeCycle = gateway === 'comet' ? HOOKS.find((hook) => hook === name) : undefined;
  const mapped = isMapped(method);
  return {
    name,
    method,
    lifeCycle,
    message: mapped ? ((Reflect.getMetadata(MESSAGE_METADATA, method) as unknown) ?? null) : undefined,
    publishes: publishedChannels(method),
    subscribes: subscribedChannels(method),
    hears: heardChannels(method),
    authorizes: authorizedChannels(method),
    calledByNest:
      Reflect.getMetadata(PATH_METADATA, method) !== undefined ||
      isOfMicroservice(method) ||
      (mapped && gateway === 'other'),
  };
}

/** Whether microservices call a method. */
export function isOfMicroservice(method: object): boolean {
  return Reflect.getMetadata(PATTERN_METADATA, method) !== undefined;
}

function isMapped(method: object): boolean {
  return Reflect.getMetadata(MESSAGE_MAPPING_METADATA, method) !== undefined;
}

/** Whether one of our decorators, or `@SubscribeMessage`, is on a member. */
function isMarked(member: unknown): boolean {
  if (typeof member !== 'function' || !hasMetadata(member)) return false;
  const channels = [publishedChannels, subscribedChannels, heardChannels, authorizedChannels];
  return isMapped(member) || channels.some((of) => of(member).length > 0);
}

/** Hooks may also be properties of the instance, written as arrow functions. */
function arrowHooks(instance: object, methods: readonly ExploredMethod[]): ExploredMethod[] {
  return HOOKS.flatMap((name) => {
    if (types.isProxy(instance) || methods.some((method) => method.name === name)) return [];
    const method: unknown = Object.getOwnPropertyDescriptor(instance, name)?.value;
    if (typeof method !== 'function') return [];
    return [methodOf(name, { [name]: method as Method }, 'comet')];
  });
}

/** Members that are marked where Nest looks for no handlers. Accessors are not called. */
function misplacedOf(type: Type, prototype: object, gateway: GatewayKind): Misplaced[] {
  const found: Misplaced[] = [];
  for (let link: object = prototype; link !== Object.prototype;) {
    for (const symbol of Object.getOwnPropertySymbols(link)) {
      if (isMarked(Object.getOwnPropertyDescriptor(link, symbol)?.value)) {
        found.push({ name: `[${String(symbol)}]`, why: 'symbol' });
      }
    }
    for (const name of gateway === 'comet' ? HOOKS : []) {
      if (Object.getOwnPropertyDescriptor(link, name)?.get) found.push({ name, why: 'accessor' });
    }
    const next = Object.getPrototypeOf(link) as object | null;
    if (!next) break;
    link = next;
  }
  if (gateway === 'other') return found.filter(({ why }) => why === 'symbol');
  for (let link: object | null = types.isProxy(type) ? null : type; link && link !== Function.prototype;) {
    for (const name of Object.getOwnPropertyNames(link)) {
      if (isMarked(Object.getOwnPropertyDescriptor(link, name)?.value)) found.push({ name, why: 'static' });
    }
    const next = Object.getPrototypeOf(link) as object | null;
    link = types.isProxy(next) ? null : next;
  }
  return found;
}
