import { type ExecutionContext, HttpException } from '@nestjs/common';
import type { BearerFailure } from './comet-bearer.strategy.js';
import { CometContext } from './comet-context.js';
import { CometError } from './comet-error.js';

/** The value of a `WWW-Authenticate` header (RFC 6750 §3, RFC 9728 §5.1). */
export function bearerChallenge(
  { error, description }: BearerFailure,
  { scopes = [], resourceMetadata }: ChallengeDetails = {},
): string {
  const asksForScopes = error === undefined || error === 'insufficient_scope';
  const parts: [name: string, value: string | undefined][] = [
    ['error', error],
    ['error_description', description],
    ['scope', asksForScopes && scopes.length > 0 ? scopes.join(' ') : undefined],
    ['resource_metadata', resourceMetadata],
  ];
  const given = parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return ['Bearer', given.join(', ')].filter((part) => part !== '').join(' ');
}

/** What a client is told besides what it did wrong. */
export interface ChallengeDetails {
  /** The scopes that a token needs here. */
  readonly scopes?: readonly string[];
  /** Where to read which issuers there are. */
  readonly resourceMetadata?: string | undefined;
}

/** Sets a header, on Express and on Fastify. */
interface HeaderResponse {
  header(name: string, value: string): unknown;
}

/**
 * Sets a header of the response, in HTTP.
 *
 * @param value for example a challenge.
 */
export function setHeader(context: ExecutionContext, name: string, value: string): void {
  context.switchToHttp().getResponse<HeaderResponse>().header(name, value);
}

/**
 * Refuses a token with a challenge.
 *
 * @throws HttpException always.
 */
export function refuseToken(
  context: ExecutionContext,
  failure: BearerFailure,
  status: number,
  details: ChallengeDetails = {},
): never {
  setHeader(context, 'WWW-Authenticate', bearerChallenge(failure, details));
  throw new HttpException(failure.error ?? 'Unauthorized', status);
}

/** What a good token lacks. */
export interface Lacking extends ChallengeDetails {
  /** The kind of principal that is needed. */
  readonly kind?: string | undefined;
  /** For people, over HTTP. */
  readonly description?: string | undefined;
}

/**
 * Refuses a good token that lacks something, over HTTP and in a session.
 *
 * @throws HttpException with 403 and a challenge (RFC 6750 §3.1), or CometError with `403::insufficient_scope`.
 */
export function refuseLacking(context: ExecutionContext, { kind, description, ...details }: Lacking): never {
  const error = 'insufficient_scope';
  if (!CometContext.find(context)) {
    refuseToken(context, description === undefined ? { error } : { error, description }, 403, details);
  }
  const { scopes = [] } = details;
  const told = kind !== undefined ? { kind } : scopes.length > 0 ? { scopes } : undefined;
  throw new CometError(403, error, { details: told });
}
