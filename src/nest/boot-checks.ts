import type { Type } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INJECTABLE_WATERMARK,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  SCOPE_OPTIONS_METADATA,
} from '@nestjs/common/internal';
import {
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  PARAM_ARGS_METADATA,
  PORT_METADATA,
} from '@nestjs/websockets/internal';
import type { ChannelLimits } from '../bayeux/channel.js';
import { channelParam } from './channel-param.decorator.js';
import { variablesOf } from './handler-channel.js';
import type { ExploredClass, ExploredMethod } from './handler.explorer.js';
import { checkAnswers, checkChannels, checkService, refuse, shown } from './name-checks.js';
import { CometLogger } from './nest.logger.js';
import { ACK, isParameterOfGateways, parametersOf, typeOfParameter } from './operation-kinds.js';

const logger = new CometLogger();

/**
 * Looks for what would do nothing, or something else than it says, without a word.
 *
 * @throws TypeError with a sentence that says what to write instead.
 */
export function checkHandlers(classes: readonly ExploredClass[], limits: ChannelLimits): void {
  checkListedOnce(classes);
  for (const type of classes) {
    checkPlaces(type);
    for (const method of type.methods) {
      const where = `${type.name}.${method.name}`;
      checkService(type, method, limits);
      checkChannels(where, method, limits);
      checkScope(where, type, method);
      checkParameters(where, type, method);
      checkEnhancers(where, type, method);
    }
    checkClassEnhancers(type);
  }
  checkAnswers(classes);
}

/** Whether something of ours calls a method. */
export function isHandler(method: ExploredMethod): boolean {
  return method.message !== undefined || method.lifeCycle !== undefined || isChannelHandler(method);
}

function isChannelHandler({ publishes, subscribes, hears, authorizes }: ExploredMethod): boolean {
  return publishes.length + subscribes.length + hears.length + authorizes.length > 0;
}

/** Whether something of ours calls a method, and not only Nest for a gateway of another kind. */
function isOurs({ gateway }: ExploredClass, method: ExploredMethod): boolean {
  return gateway === 'other' ? isChannelHandler(method) : isHandler(method);
}

/** Whether enhancers run for a method: authorizers are asked without. */
export function isEnhanced(type: ExploredClass, method: ExploredMethod): boolean {
  return isOurs(type, { ...method, authorizes: [] });
}

function checkListedOnce(classes: readonly ExploredClass[]): void {
  const first = new Map<Type, ExploredClass>();
  for (const found of classes) {
    // Values and what factories make may be several of one class on purpose.
    if (!found.listed) continue;
    if (found.gateway !== 'comet' && !found.methods.some(isChannelHandler)) continue;
    const other = first.get(found.type);
    if (!other) {
      first.set(found.type, found);
      continue;
    }
    const [one, two] = [other, found].map(({ module }) => module.metatype.name);
    const sameModule = other.module.metatype === found.module.metatype;
    // A dynamic module that is imported twice, with other options each time, has providers of its own each time.
    const dynamic = sameModule && other.module !== found.module;
    if (dynamic && found.gateway !== 'comet') continue;
    if (dynamic) {
      refuse(
        `${found.name} is a gateway of ${one}, which is imported more than once with other options each time, so each ` +
          'of its handlers would run more than once: move the gateway to a module that is imported once.',
      );
    }
    const where = sameModule ? `${one} twice` : `${one} and ${two}`;
    refuse(
      `${found.name} is a provider of ${where}, so each of its handlers would run twice: list it in the providers of ` +
        'one module, and export it from there where others inject it. Another token for it is given by useExisting.',
    );
  }
}

const MISPLACED = {
  static: 'it is static, and handlers are called on an instance: take "static" away.',
  symbol: 'its name is a symbol, and Nest looks for handlers with names alone: give it a name.',
  unlisted:
    'its class is used as an enhancer or middleware alone, which Nest makes for that: list the class in the providers ' +
    'of a module too.',
  accessor: 'it is an accessor, which is not called: write it as a method.',
} as const;

function checkPlaces({ name, misplaced }: ExploredClass): void {
  const [first] = misplaced;
  if (first) refuse(`${name}.${first.name} would never be called, as ${MISPLACED[first.why]}`);
}

function checkScope(where: string, type: ExploredClass, method: ExploredMethod): void {
  const { isStatic, name, perUse } = type;
  const advice = 'move it to a provider of the default scope.';
  if (perUse === 'transient' && isOurs(type, method)) {
    refuse(
      `${where} is a handler, but ${name} is transient, so that there is none of it but those that others inject: ${advice}`,
    );
  }
  if (perUse === 'factory' && isOurs(type, method)) {
    refuse(
      `${where} is a handler, but ${name} is made by a factory for each request, which messages are not: list the class ` +
        'itself in the providers, or let the factory depend on nothing that is request-scoped.',
    );
  }
  if (isStatic) return;
  const [heard] = method.hears;
  const scoped = `${name} is request-scoped, itself or by what it depends on or is bound to`;
  if (heard !== undefined) {
    refuse(
      `${where} listens to ${heard}, but ${scoped}, and messages of the server have no request: ${advice}`,
    );
  }
  const [authorized] = method.authorizes;
  if (authorized !== undefined) {
    refuse(`${where} shall authorize ${authorized}, but there is one for each request: ${advice}`);
  }
}

function checkParameters(where: string, type: ExploredClass, method: ExploredMethod): void {
  const { gateway } = type;
  const { name, publishes, subscribes, hears, lifeCycle } = method;
  const parameters = Object.entries(parametersOf(type.reflected, name));
  if (parameters.length === 0) return;
  const message = gateway === 'comet' && typeof method.message === 'string' ? [method.message] : [];
  const channels = [...message, ...publishes, ...subscribes, ...hears];
  for (const [, { factory, data }] of parameters) {
    if ((factory as unknown) === channelParam) checkChannelParam(where, data, channels);
  }
  // Others read the parameters of their methods in their own way.
  if (method.calledByNest) return;
  if (!isOurs(type, method)) {
    // One that overrides a handler without its decorator is no handler in Nest either.
    const own = Reflect.hasOwnMetadata(PARAM_ARGS_METADATA, type.type, name);
    if (gateway !== 'comet' || !own || isMarkedByOthers(method.method)) return;
    refuse(
      `${where} has parameters with decorators, but nothing calls it for a client: mark it with @SubscribeMessage, ` +
        '@OnPublish, @OnSubscribe or @OnChannel too, or take the decorators away.',
    );
  }
  if (!isEnhanced(type, method)) {
    refuse(
      `${where} has parameters with decorators, but @CometAuthorize calls it with its request alone: take the ` +
        'decorators away, and write (request: CometAuthorizationRequest).',
    );
  }
  for (const [key, { factory, data, pipes = [] }] of parameters) {
    const kind = typeOfParameter(key);
    if (kind === ACK && message.length === 0) {
      refuse(
        `${where} has a parameter with @Ack(), but calls of services alone are acknowledged, and nothing else calls ` +
          'this method: take it away.',
      );
    }
    if (!key.includes(CUSTOM_ROUTE_ARGS_METADATA) && !factory && !isParameterOfGateways(kind)) {
      const variable = typeof data === 'string' ? `@ChannelParam('${data}')` : '@ChannelParam()';
      refuse(
        `${where} has a parameter with a decorator of controllers, which gives a handler nothing: write @MessageBody() ` +
          `for the data, @ConnectedSocket() for the session, or ${variable} for a variable of the channel.`,
      );
    }
    if (lifeCycle === 'handleDisconnect' && channels.length === 0 && pipes.length > 0) {
      refuse(
        `${where} has a parameter with a pipe, but a session that has ended can be refused nothing, and pipes do not ` +
          'run there: take the pipe away.',
      );
    }
  }
}

function checkChannelParam(where: string, variable: unknown, channels: readonly string[]): void {
  if (channels.length === 0) {
    refuse(
      `${where} has a parameter with @ChannelParam, but it is called for no channel: it is for methods with ` +
        '@SubscribeMessage of a @CometGateway(), @OnPublish, @OnSubscribe or @OnChannel.',
    );
  }
  const variables = [...new Set(channels.flatMap(variablesOf))];
  if (variable === undefined || variables.includes(variable as string)) return;
  refuse(
    `${where} asks for @ChannelParam(${shown(variable)}), which is no variable of ${channels.join(' and ')}: ` +
      (variables.length === 0
        ? 'write variables in braces, as in /rooms/{room}.'
        : `write ${listed(variables)}.`),
  );
}

function listed(variables: readonly string[]): string {
  return variables.map((variable) => `@ChannelParam('${variable}')`).join(' or ');
}

const ENHANCERS = {
  UseGuards: GUARDS_METADATA,
  UsePipes: PIPES_METADATA,
  UseInterceptors: INTERCEPTORS_METADATA,
  UseFilters: EXCEPTION_FILTERS_METADATA,
} as const;

type Decorator = keyof typeof ENHANCERS;

function enhancersOf(target: object): Decorator[] {
  return (Object.keys(ENHANCERS) as Decorator[]).filter(
    (name) => Reflect.getMetadata(ENHANCERS[name], target) !== undefined,
  );
}

function checkEnhancers(where: string, type: ExploredClass, explored: ExploredMethod): void {
  const { method, lifeCycle, authorizes, calledByNest } = explored;
  if (isEnhanced(type, explored)) checkMade(where, type, explored);
  const bound = enhancersOf(method);
  const [first] = bound;
  if (first === undefined || calledByNest) return;
  if (authorizes.length > 0) {
    refuse(
      `${where} is marked with @${first} and @CometAuthorize, but authorizers are asked without enhancers, as guards ` +
        'are: write what they check into the method.',
    );
  }
  const idle = bound.find((name) => name === 'UseGuards' || name === 'UsePipes');
  if (lifeCycle === 'handleDisconnect' && !isChannelHandler(explored) && idle !== undefined) {
    refuse(
      `${where} is marked with @${idle}, but a session that has ended can be refused nothing: guards and pipes do not ` +
        'run there. Interceptors and filters do.',
    );
  }
  if (type.gateway !== 'comet' || isHandler(explored)) return;
  const idleMethod =
    `${where} is marked with @${first}, but nothing calls it for a client: mark it with @SubscribeMessage, @OnPublish, ` +
    '@OnSubscribe or @OnChannel too, or take the decorator away.';
  if (!isMarkedByOthers(method)) refuse(idleMethod);
  // A mark that is none of Nest may be of a library that calls the method, or no more than roles for a guard.
  logger.warn(`${idleMethod} If another library calls it, move it to a class that is no gateway.`);
}

/** Enhancers of a class whose methods are called without any: authorizers, and hooks of Nest. */
function checkClassEnhancers(explored: ExploredClass): void {
  const { gateway, methods, name, type } = explored;
  const [first] = enhancersOf(type);
  if (first === undefined) return;
  // Of a class that is no gateway others may read the marks: controllers, resolvers, consumers of queues.
  const authorizes = methods.some(({ authorizes: channels }) => channels.length > 0);
  if (gateway === 'other' || (gateway === 'none' && (!authorizes || isMarkedByOthers(type)))) return;
  const run = methods.some(
    (method) => isEnhanced(explored, method) || method.calledByNest || isMarkedByOthers(method.method),
  );
  if (run) return;
  refuse(
    `${name} is marked with @${first}, but has no handler that it would run for: mark methods with @SubscribeMessage, ` +
      '@OnPublish, @OnSubscribe or @OnChannel, or take the decorator away. Authorizers are asked without enhancers.',
  );
}

const KNOWN_MARKS: readonly unknown[] = [
  ...Object.values(ENHANCERS),
  GATEWAY_METADATA,
  GATEWAY_OPTIONS,
  PORT_METADATA,
  INJECTABLE_WATERMARK,
  SCOPE_OPTIONS_METADATA,
];

/** Whether there are marks of another library on a method or class, by which that may call it with its enhancers. */
export function isMarkedByOthers(target: object): boolean {
  return Reflect.getMetadataKeys(target).some((key: unknown) => {
    if (KNOWN_MARKS.includes(key)) return false;
    return typeof key !== 'string' || !/^(?:design:|self:|optional:|nestjs-comet:|swagger\/)/.test(key);
  });
}

const RUN = ['canActivate', 'transform', 'intercept', 'catch'];

/**
 * Nest makes the enhancers of classes that are listed as such. Of what factories make, and of classes that stand in for
 * others in tests, it makes none, and leaves out without a word what it has not made.
 */
function checkMade(
  where: string,
  explored: ExploredClass,
  { method, name: methodName }: ExploredMethod,
): void {
  const { module, name, reflected, type } = explored;
  const bound = [
    ...Object.values(ENHANCERS).flatMap((key) =>
      [type, method].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as unknown[]),
    ),
    ...Object.values(parametersOf(reflected, methodName)).flatMap(({ pipes = [] }) => pipes),
  ];
  for (const enhancer of bound) {
    // Nest takes a class with static methods as an instance.
    if (typeof enhancer !== 'function' || RUN.some((name) => name in enhancer)) continue;
    if (module.injectables.has(enhancer as Type)) continue;
    refuse(
      `${where} is bound to ${enhancer.name}, but Nest makes enhancers only for classes that are listed as such: list ` +
        `${name} itself in the providers of ${module.metatype.name}, or bind an instance: new ${enhancer.name}(…).`,
    );
  }
}
