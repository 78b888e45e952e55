import { inspect } from 'node:util';
import { GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/internal';
import {
  type ChannelLimits,
  isChannel,
  isMeta,
  isPattern,
  isService,
  isSubscription,
} from '../bayeux/channel.js';
import { AUTH_CHANNEL } from '../bayeux/credential-life.js';
import { areAmbiguous, HandlerChannel } from './handler-channel.js';
import type { ExploredClass, ExploredMethod } from './handler.explorer.js';
import { CometLogger } from './nest.logger.js';

const logger = new CometLogger();

/** Checks what `@SubscribeMessage` names. @throws TypeError for a name that no message of a client can reach. */
export function checkService(
  type: ExploredClass,
  { message, name }: ExploredMethod,
  limits: ChannelLimits,
): void {
  if (message === undefined) return;
  const where = `${type.name}.${name}`;
  if (type.gateway === 'other') {
    if (typeof message !== 'string' || !isService(message)) return;
    if (hasPlace(type)) {
      logger.warn(
        `${where} handles ${message} for clients of another WebSocket server, as ${type.name} names its own path or port: ` +
          'Bayeux sessions call the services of classes with @CometGateway().',
      );
      return;
    }
    refuse(
      `${where} handles ${message}, but ${type.name} is a gateway on another path than the endpoint: mark the class ` +
        'with @CometGateway() in place of @WebSocketGateway().',
    );
  }
  if (type.gateway === 'none') {
    refuse(
      `${where} is marked with @SubscribeMessage, but ${type.name} is no gateway, so that it is never called: mark the ` +
        'class with @CometGateway().',
    );
  }
  const says = `${where} handles ${message === null ? 'no name' : shown(message)}, which no message of a client can reach`;
  const example = `@SubscribeMessage('/service/${exampleOf(name)}')`;
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
  checkTemplate(`${where} handles ${shown(message)}`, message);
  if (!isChannel(message.replace(/[{}]/g, ''), limits)) {
    refuse(
      `${says}, as it is no channel name within the limits of the options: write for example ${example}, ` +
        'without a slash at the end, and of letters, digits and these alone: ! # $ ( ) + - . @ _ ~.',
    );
  }
}

/** Checks the names of our own decorators. @throws TypeError for one that is no channel, or that stands twice. */
export function checkChannels(where: string, method: ExploredMethod, limits: ChannelLimits): void {
  const { publishes, subscribes, hears, authorizes } = method;
  const decorated: Record<string, readonly unknown[]> = {
    OnPublish: publishes,
    OnSubscribe: subscribes,
    OnChannel: hears,
    CometAuthorize: authorizes,
  };
  for (const [decorator, names] of Object.entries(decorated)) {
    for (const [index, name] of names.entries()) {
      const says = `${where} is marked with @${decorator}(${shown(name)})`;
      if (typeof name !== 'string' || !isSubscription(name.replace(/[{}]/g, ''), limits) || isMeta(name)) {
        refuse(
          `${says}, which is no channel: write for example '/news/sport', '/news/**' or '/rooms/{room}'.`,
        );
      }
      checkTemplate(says, name);
      if (isService(name) && (decorator === 'OnPublish' || decorator === 'OnSubscribe')) {
        refuse(
          `${says}, but nobody can ${decorator === 'OnPublish' ? 'publish on' : 'subscribe to'} a service: write ` +
            `@SubscribeMessage('${name}') in a gateway.`,
        );
      }
      if (names.indexOf(name) < index)
        refuse(`${says} twice, so that it would run twice: leave one of them.`);
    }
  }
}

interface Answer {
  /** `Class.method`. */
  readonly where: string;
  readonly channel: string;
  readonly segments: readonly string[];
}

/** A call has one answer: two handlers that could both give it are told apart by nothing. */
export function checkAnswers(classes: readonly ExploredClass[]): void {
  const exact = new Map<string, Answer>();
  // Templates are compared with those of as many segments, as no others can be ambiguous.
  const templates = new Map<number, Answer[]>();
  for (const { gateway, name: className, methods } of classes) {
    if (gateway !== 'comet') continue;
    for (const { message, name } of methods) {
      if (typeof message !== 'string') continue;
      const segments = message.split('/');
      const answer = { where: `${className}.${name}`, channel: message, segments };
      let other = exact.get(message);
      if (message.includes('{')) {
        const alike = templates.get(segments.length) ?? [];
        other = alike.find((one) => areAmbiguous(one.segments, segments));
        alike.push(answer);
        templates.set(segments.length, alike);
      } else exact.set(message, answer);
      if (other) refuseTwoAnswers(other, answer);
    }
  }
}

function refuseTwoAnswers(one: Answer, two: Answer): never {
  const both = one.channel === two.channel ? one.channel : `${one.channel} and ${two.channel}`;
  const who = one.where === two.where ? `Two instances with ${one.where}` : `${one.where} and ${two.where}`;
  refuse(
    `${who} answer the same service (${both}): leave one of them, or give it another name. ` +
      'Several values are answered by an Observable.',
  );
}

/** Whether a gateway of another kind names its port or path, where such messages are events of its own. */
function hasPlace({ type }: ExploredClass): boolean {
  const options = Reflect.getMetadata(GATEWAY_OPTIONS, type) as { path?: string } | undefined;
  const port = Reflect.getMetadata(PORT_METADATA, type) as number | undefined;
  return Boolean(port) || Boolean(options?.path?.replaceAll('/', ''));
}

function checkTemplate(says: string, name: string): void {
  try {
    new HandlerChannel(name);
  } catch (error) {
    refuse(`${says}: ${(error as Error).message}`);
  }
}

/** A method may have a name that no channel can. */
function exampleOf(name: string): string {
  return /^\w+$/.test(name) ? name : 'echo';
}

/** Whatever stands in a decorator, in one line. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 100, customInspect: false });
}

/** @throws TypeError */
export function refuse(sentence: string): never {
  throw new TypeError(sentence);
}
