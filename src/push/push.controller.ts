import { Body, Header, HttpCode, Inject, Post, Req, SetMetadata, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiBody,
  ApiConflictResponse,
  ApiExtraModels,
  ApiForbiddenResponse,
  ApiHeader,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
  ApiUnprocessableEntityResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { AUDITED_GUARD } from '../nest/comet-oauth.guard.js';
import { CometPublisher } from '../nest/comet-publisher.js';
import { RequireKind } from '../nest/require-scopes.decorator.js';
import { readPushBody } from './push-body.js';
import { PUSH_OPTIONS, type ResolvedPushOptions } from './push-options.js';
import { PushAnswerDto, PushBatchDto, PushMessageDto } from './push.dto.js';
import { PushGuard, type PushHttpRequest } from './push.guard.js';
import { PushService } from './push.service.js';

/** Takes pushes of services over HTTP. The module gives it its path and its scope. */
@ApiTags('push')
@ApiBearerAuth()
@ApiExtraModels(PushMessageDto, PushBatchDto)
@UseGuards(PushGuard)
@SetMetadata(AUDITED_GUARD, true)
@RequireKind('service')
export class PushController {
  readonly #service: PushService;
  readonly #publisher: CometPublisher;
  readonly #options: ResolvedPushOptions;

  constructor(
    service: PushService,
    publisher: CometPublisher,
    @Inject(PUSH_OPTIONS) options: ResolvedPushOptions,
  ) {
    this.#service = service;
    this.#publisher = publisher;
    this.#options = options;
  }

  /** `POST {prefix}/push`. */
  @Post()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'push',
    summary: 'Sends messages to the subscribers of channels, or to users',
    description:
      'For services, with an access token of the client credentials grant. All messages are sent or, if one is refused, none. ' +
      'The tenant is that of the token.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'The same key with the same body is answered as before, and nothing is sent twice.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @ApiBody({
    schema: { oneOf: [{ $ref: getSchemaPath(PushMessageDto) }, { $ref: getSchemaPath(PushBatchDto) }] },
  })
  @ApiAcceptedResponse({ type: PushAnswerDto, description: 'The messages are on their way.' })
  @ApiBadRequestResponse({
    description: 'The body, or the key, is not as it should be; `message` lists why.',
  })
  @ApiUnauthorizedResponse({ description: 'No access token, or one that is not good.' })
  @ApiForbiddenResponse({
    description: 'The token lacks the scope, is that of a user, or no rule lets its service publish there.',
  })
  @ApiConflictResponse({ description: 'A request with this key is being answered.' })
  @ApiPayloadTooLargeResponse({ description: 'A message is too big.' })
  @ApiUnprocessableEntityResponse({ description: 'The key was used for another request.' })
  @ApiServiceUnavailableResponse({ description: 'Nothing can be decided, or handed on, at present.' })
  push(
    @Req() request: PushHttpRequest & { user: CometPrincipal },
    @Body() body: unknown,
  ): Promise<PushAnswerDto> {
    return this.#service.push({
      principal: request.user,
      messages: readPushBody(body, this.#options),
      // Not as a parameter, which the description would call required.
      key: request.headers['idempotency-key']?.toString(),
      address: this.#publisher.addressOf(request.raw ?? request),
    });
  }
}
