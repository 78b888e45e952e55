import { BadRequestException } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { isJsonObject } from '../bayeux/message.js';
import { MESSAGES, PushBatchDto, PushMessageDto } from './push.dto.js';

const MEMBERS: ReadonlySet<string> = new Set(['channel', 'data', 'userIds']);

/** Sentences for one answer; a body with many mistakes gets not many more. */
const MAX_SENTENCES = 20;

/** How much one request may hold. */
export interface PushBodyLimits {
  readonly maxBatch: number;
  readonly maxUsers: number;
}

/**
 * Reads the body of a push: one message, or several in `messages`. Members are taken one by one, by their names, so that
 * none is there without having been looked at. Counts are checked before the elements, which cost work.
 *
 * @throws BadRequestException that says of each mistake what to write instead.
 */
export function readPushBody(body: unknown, limits: PushBodyLimits): readonly PushMessageDto[] {
  if (!isJsonObject(body)) {
    throw new BadRequestException([
      'the body must be a JSON object with channel and data, or with messages.',
    ]);
  }
  if (!Object.hasOwn(body, 'messages')) {
    const message = readMessage(body);
    refuse(crowds([message], limits, ''));
    refuse([...strangers(body, MEMBERS, ''), ...sentences(validateSync(message))]);
    return [message];
  }
  const { messages } = body;
  if (Array.isArray(messages) && messages.length > limits.maxBatch) {
    refuse([`messages must not be more than ${limits.maxBatch}: send several requests.`]);
  }
  const elements: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const objects = elements.filter(isJsonObject);
  if (!Array.isArray(messages) || objects.length < elements.length) refuse([MESSAGES]);
  const batch = new PushBatchDto();
  batch.messages = objects.map(readMessage);
  refuse(crowds(batch.messages, limits, 'messages.'));
  refuse([
    ...strangers(body, new Set(['messages']), ''),
    ...objects.flatMap((element, index) => strangers(element, MEMBERS, `messages.${index}.`)),
    ...sentences(validateSync(batch)),
  ]);
  return batch.messages;
}

function readMessage(from: Readonly<Record<string, unknown>>): PushMessageDto {
  const message = new PushMessageDto();
  const own = (name: string): unknown => (Object.hasOwn(from, name) ? from[name] : undefined);
  message.channel = own('channel') as string;
  message.data = own('data');
  const userIds = own('userIds');
  if (userIds !== undefined) message.userIds = userIds as string[];
  return message;
}

function strangers(from: object, known: ReadonlySet<string>, path: string): string[] {
  return Object.keys(from)
    .filter((name) => !known.has(name))
    .slice(0, MAX_SENTENCES)
    .map((name) =>
      name === 'tenant'
        ? `${path}tenant is that of the access token: leave it out.`
        : `${path}${JSON.stringify(name.slice(0, 32))} is no member of a push: leave it out.`,
    );
}

function crowds(messages: readonly PushMessageDto[], { maxUsers }: PushBodyLimits, path: string): string[] {
  return messages.flatMap(({ userIds }, index) =>
    Array.isArray(userIds) && userIds.length > maxUsers
      ? [
          `${path === '' ? '' : `${path}${index}.`}userIds must not be more than ${maxUsers}: send several messages.`,
        ]
      : [],
  );
}

function sentences(errors: readonly ValidationError[], path = ''): string[] {
  return errors.flatMap(({ property, constraints, children = [] }) => [
    ...new Set(Object.values(constraints ?? {}).map((sentence) => path + sentence)),
    ...sentences(children, `${path}${property}.`),
  ]);
}

function refuse(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new BadRequestException(mistakes.slice(0, MAX_SENTENCES));
}
