import type { BearerFailure } from './comet-bearer.strategy.js';

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
