import { createHash } from 'node:crypto';
import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  Inject,
  Injectable,
  PayloadTooLargeException,
  ServiceUnavailableException,
  UnprocessableEntityException,
} from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { isChannel, isMeta, isService } from '../bayeux/channel.js';
import { denied } from '../bayeux/errors.js';
import { exceedsDepth } from '../bayeux/message.js';
import { CometPublisher } from '../nest/comet-publisher.js';
import { CometLogger } from '../nest/nest.logger.js';
import { IdempotencyKeys } from './idempotency-keys.js';
import { PUSH_OPTIONS, type ResolvedPushOptions } from './push-options.js';
import { PushAnswerDto, type PushMessageDto } from './push.dto.js';

/** One request to push. */
export interface PushRequest {
  readonly principal: CometPrincipal;
  readonly messages: readonly PushMessageDto[];
  /** Its `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly address: string | undefined;
}

/** Printable, so that it can be compared and is no list of several. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Pushes for services: all messages of a request or, if one is refused, none. */
@Injectable()
export class PushService {
  readonly #publisher: CometPublisher;
  readonly #keys: IdempotencyKeys<PushAnswerDto>;
  readonly #logger = new CometLogger();

  constructor(publisher: CometPublisher, @Inject(PUSH_OPTIONS) options: ResolvedPushOptions) {
    this.#publisher = publisher;
    this.#keys = new IdempotencyKeys(options.keyTtl, options.maxKeys, () => publisher.now());
  }

  /**
   * @throws HttpException 400 for what cannot be sent, 403 for a channel that is not permitted, 409 and 422 for a key that
   * is in flight or was used for something else, 413 for a message that is too big, 503 if it could not be handed on.
   */
  async push(request: PushRequest): Promise<PushAnswerDto> {
    const { principal, messages, key } = request;
    if (key !== undefined && !KEY.test(key)) {
      throw new BadRequestException([
        'Idempotency-Key must be 1 to 255 printable characters without spaces: write for example a UUID.',
      ]);
    }
    const texts = messages.map((message, index) => this.#check(message, pathOf(messages, index)));
    if (key === undefined) return this.#authorised(request);

    const holder = JSON.stringify([principal.tenant, principal.identity]);
    const state = this.#keys.begin(holder, key, fingerprintOf(messages, texts));
    if (state.kind === 'answered') return state.answer;
    if (state.kind === 'in_flight') {
      throw new ConflictException('A request with this Idempotency-Key is being answered: ask again later.');
    }
    if (state.kind === 'reused') {
      throw new UnprocessableEntityException(
        'This Idempotency-Key was used for another request: choose a new one.',
      );
    }
    try {
      const answer = await this.#authorised(request);
      this.#keys.finish(holder, key, answer);
      return answer;
    } catch (error) {
      this.#keys.forget(holder, key);
      throw error;
    }
  }

  async #authorised({ principal, messages, address }: PushRequest): Promise<PushAnswerDto> {
    const channels = messages.map(({ channel }) => channel);
    const refused = await this.#publisher.decide(principal, channels, address);
    if (refused && !refused.decision.allowed) {
      const { index, decision } = refused;
      const channel = channels[index];
      const reason = denied(decision.operation ?? 'publish', decision.why);
      this.#publisher.record({ type: 'push_denied', principal, address, channel, reason });
      throw new ForbiddenException(`${pathOf(messages, index)}channel: ${reason}`);
    }
    return this.#send(principal, messages, address);
  }

  async #send(
    principal: CometPrincipal,
    messages: readonly PushMessageDto[],
    address: string | undefined,
  ): Promise<PushAnswerDto> {
    const { tenant } = principal;
    try {
      for (const { channel, data, userIds } of messages) {
        if (!userIds) await this.#publisher.send({ tenant, channel, data });
        for (const userId of userIds ?? []) await this.#publisher.send({ tenant, channel, data, userId });
        this.#publisher.record({ type: 'push_ok', principal, address, channel });
      }
    } catch (error) {
      this.#logger.error('A push could not be handed on.', error);
      throw new ServiceUnavailableException('The messages could not all be handed on: send them again.');
    }
    return { accepted: messages.length };
  }

  /** The data as text. @throws HttpException if the message cannot be sent. */
  #check({ channel, data }: PushMessageDto, path: string): string {
    const { limits, options } = this.#publisher;
    if (isMeta(channel) || isService(channel) || !isChannel(channel, options.channel)) {
      throw new BadRequestException([
        `${path}channel must be one to send to, without wildcards, outside /meta and /service: write for example "/news/sport".`,
      ]);
    }
    let text: string;
    try {
      text = JSON.stringify(data);
    } catch {
      throw new BadRequestException([`${path}${TOO_DEEP}`]);
    }
    if (exceedsDepth(text, limits.maxDepth)) throw new BadRequestException([`${path}${TOO_DEEP}`]);
    if (Buffer.byteLength(text) > limits.maxMessageBytes) {
      throw new PayloadTooLargeException(
        `${path}data must not be more than ${limits.maxMessageBytes} bytes of JSON.`,
      );
    }
    return text;
  }
}

const TOO_DEEP = 'data is nested too deeply.';

/** Where a message is in the body, as far as anybody can see from the answer. */
function pathOf(messages: readonly PushMessageDto[], index: number): string {
  return messages.length === 1 ? '' : `messages.${index}.`;
}

function fingerprintOf(messages: readonly PushMessageDto[], texts: readonly string[]): string {
  const parts = messages.map(({ channel, userIds = [] }, index) => [channel, userIds, texts[index]]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
