import type { Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/websockets/internal';
import {
  type ChannelLimits,
  isChannel,
  isMeta,
  isPattern,
  isService,
  isSubscription,
} from '../bayeux/channel.js';
import { AUTH_CHANNEL } from '../bayeux/credential-life.js';
import { channelParam } from './channel-param.decorator.js';
import { areAmbiguous, HandlerChannel, variablesOf } from './handler-channel.js';
import type { ExploredClass, ExploredMethod } from './handler.explorer.js';
import type { ParameterMetadata } from './operation-kinds.js';

/**
 * Looks for what would do nothing, or something else than it says, without a word.
 *
 * @throws TypeError with a sentence that says what to write instead.
 */
export function checkHandlers(classes: readonly ExploredClass[], limits: ChannelLimits): void {
  checkListedOnce(classes);
  for (const type of classes) {
    for (const method of type.methods) {
      const where = `${type.name}.${method.name}`;
      checkService(where, type, method, limits);
      checkChannels(where, method, limits);
      checkScope(where, type, method);
      checkParameters(where, type, method);
      checkEnhancers(where, type, method);
    }
  }
  checkAnswers(classes);
}

/** Whether something of ours calls a method. */
export function isHandler({
  message,
  publishes,
  subscribes,
  hears,
  authorizes,
  lifeCycle,
}: ExploredMethod): boolean {
  const channels = publishes.length + subscribes.length + hears.length + authorizes.length;
  return message !== undefined || lifeCycle !== undefined || channels > 0;
}

function refuse(sentence: string): never {
  throw new TypeError(sentence);
}

function checkListedOnce(classes: readonly ExploredClass[]): void {
  const first = new Map<Type, ExploredClass>();
  for (const found of classes) {
    // Values and what factories make may be several of one class on purpose.
    if (found.wrapper.isNotMetatype) continue;
    if (found.gateway !== 'comet' && !found.methods.some(isChannelHandler)) continue;
    const other = first.get(found.type);
    if (!other) {
      first.set(found.type, found);
      continue;
    }
    const [one, two] = [other, found].map(({ module }) => module.metatype.name);
    const where = one === two ? `${one} twice` : `${one} and ${two}`;
    refuse(
      `${found.name} is a provider of ${where}, so each of its handlers would run twice: list it in the providers of ` +
        'one module, and export it from there where others inject it.',
    );
  }
}

function isChannelHandler({ publishes, subscribes, hears, authorizes }: ExploredMethod): boolean {
  return publishes.length + subscribes.length + hears.length + authorizes.length > 0;
}

function checkService(
  where: string,
  { gateway, name: className }: ExploredClass,
  { message, name }: ExploredMethod,
  limits: ChannelLimits,
): void {
  if (message === undefined || gateway === 'other') {
    if (gateway === 'other' && typeof message === 'string' && isService(message)) {
      refuse(
        `${where} handles ${message}, but ${className} is a gateway on another path than the endpoint: mark the class ` +
          'with @CometGateway() in place of @WebSocketGateway().',
      );
    }
    return;
  }
  if (gateway === 'none') {
    refuse(
      `${where} is marked with @SubscribeMessage, but ${className} is no gateway, so that it is never called: mark the ` +
        'class with @CometGateway().',
    );
  }
  const says = `${where} handles ${JSON.stringify(message)}, which no message of a client can reach`;
  const example = `@SubscribeMessage('/service/${name}')`;
  if (typeof message !== 'string' || !isService(message)) {
    refuse(
      `${says}: handlers answer services, so write for example ${example}. For what clients publish on a channel there ` +
        'is @OnPublish.',
    );
  }
  if (message === AUTH_CHANNEL) {
    refuse(`${says}, as the server answers it itself: choose another name, for example ${example}.`);
  }
  if (isPattern(message)) {
    refuse(`${says}, as services have no wildcards: write a variable, as in '/service/rooms/{room}'.`);
  }
  checkTemplate(message);
  if (!isChannel(message.replace(/[{}]/g, ''), limits)) {
    refuse(
      `${says}, as it is no channel name within the limits of the options: write for example ${example}.`,
    );
  }
}

function checkTemplate(name: string): void {
  new HandlerChannel(name);
}

function checkChannels(where: string, method: ExploredMethod, limits: ChannelLimits): void {
  const { publishes, subscribes, hears, authorizes } = method;
  const decorated = {
    OnPublish: publishes,
    OnSubscribe: subscribes,
    OnChannel: hears,
    CometAuthorize: authorizes,
  };
  for (const [decorator, names] of Object.entries(decorated)) {
    for (const name of names) {
      const says = `${where} is marked with @${decorator}(${JSON.stringify(name)})`;
      if (typeof name !== 'string' || !isSubscription(name.replace(/[{}]/g, ''), limits) || isMeta(name)) {
        refuse(
          `${says}, which is no channel: write for example '/news/sport', '/news/**' or '/rooms/{room}'.`,
        );
      }
      checkTemplate(name);
      if (isService(name) && (decorator === 'OnPublish' || decorator === 'OnSubscribe')) {
        refuse(
          `${says}, but nobody can ${decorator === 'OnPublish' ? 'publish on' : 'subscribe to'} a service: write ` +
            `@SubscribeMessage('${name}') in a gateway.`,
        );
      }
    }
  }
}

function checkScope(
  where: string,
  { isStatic, name }: ExploredClass,
  { hears, authorizes }: ExploredMethod,
): void {
  if (isStatic) return;
  const [heard] = hears;
  const advice = 'move it to a provider of the default scope.';
  if (heard !== undefined) {
    refuse(
      `${where} listens to ${heard}, but ${name} is request-scoped, and messages of the server have no request: ${advice}`,
    );
  }
  const [authorized] = authorizes;
  if (authorized !== undefined) {
    refuse(`${where} shall authorize ${authorized}, but there is one for each request: ${advice}`);
  }
}

function checkParameters(where: string, { type }: ExploredClass, method: ExploredMethod): void {
  const { name, message, publishes, subscribes, hears } = method;
  const parameters = (Reflect.getMetadata(PARAM_ARGS_METADATA, type, name) ?? {}) as Record<
    string,
    ParameterMetadata
  >;
  const channels = [...(typeof message === 'string' ? [message] : []), ...publishes, ...subscribes, ...hears];
  for (const { factory, data } of Object.values(parameters)) {
    if ((factory as unknown) !== channelParam) continue;
    if (channels.length === 0) {
      refuse(
        `${where} has a parameter with @ChannelParam, but it is called for no channel: it is for methods with ` +
          '@SubscribeMessage, @OnPublish, @OnSubscribe or @OnChannel.',
      );
    }
    const variables = [...new Set(channels.flatMap(variablesOf))];
    if (data === undefined || variables.includes(data as string)) continue;
    refuse(
      `${where} asks for @ChannelParam('${data as string}'), which is no variable of ${channels.join(' and ')}: ` +
        (variables.length === 0
          ? 'write variables in braces, as in /rooms/{room}.'
          : `write ${listed(variables)}.`),
    );
  }
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

function checkEnhancers(where: string, { gateway }: ExploredClass, explored: ExploredMethod): void {
  const { method, lifeCycle, authorizes, calledByNest } = explored;
  const bound = Object.entries(ENHANCERS)
    .filter(([, key]) => Reflect.getMetadata(key, method) !== undefined)
    .map(([name]) => name);
  const [first] = bound;
  if (first === undefined || calledByNest) return;
  if (authorizes.length > 0) {
    refuse(
      `${where} is marked with @${first} and @CometAuthorize, but authorizers are asked without enhancers, as guards ` +
        'are: write what they check into the method.',
    );
  }
  const idle = bound.find((name) => name === 'UseGuards' || name === 'UsePipes');
  if (lifeCycle === 'handleDisconnect' && idle !== undefined) {
    refuse(
      `${where} is marked with @${idle}, but a session that has ended can be refused nothing: guards and pipes do not ` +
        'run there. Interceptors and filters do.',
    );
  }
  if (gateway === 'comet' && !isHandler(explored)) {
    refuse(
      `${where} is marked with @${first}, but nothing calls it for a client: mark it with @SubscribeMessage, @OnPublish, ` +
        '@OnSubscribe or @OnChannel too, or take the decorator away.',
    );
  }
}

/** A call has one answer: two handlers that could both give it are told apart by nothing. */
function checkAnswers(classes: readonly ExploredClass[]): void {
  const answers: { readonly where: string; readonly channel: string }[] = [];
  for (const { gateway, name: className, methods } of classes) {
    if (gateway !== 'comet') continue;
    for (const { message, name } of methods) {
      if (typeof message !== 'string') continue;
      const where = `${className}.${name}`;
      const other = answers.find(({ channel }) => areAmbiguous(channel, message));
      if (other) {
        const both = other.channel === message ? message : `${other.channel} and ${message}`;
        refuse(
          `${other.where} and ${where} answer the same service (${both}): leave one of them, or give it another name. ` +
            'Several values are answered by an Observable.',
        );
      }
      answers.push({ where, channel: message });
    }
  }
}
