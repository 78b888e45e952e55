import { hash } from 'node:crypto';
import type { Logger } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { TokenError } from './token-verifier.js';

/** Characters a token may have unless options say otherwise: as many as the headers of a request in Node. */
export const MAX_TOKEN_LENGTH = 16_384;

/**
 * Twelve hexadecimal digits that identify a token in logs without giving it away: the beginning of its SHA-256.
 */
export function tokenRef(token: string): string {
  return hash('sha256', token, 'hex').slice(0, 12);
}

/** Stands for a token in what is remembered: its whole SHA-256, which no other token has. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'base64url');
}

/**
 * Logs why a token was refused. Its client is not told.
 *
 * @param ref what `tokenRef` makes of the token.
 */
export function logRefusal(logger: Logger, ref: string, error: unknown): void {
  if (!(error instanceof TokenError)) {
    // Only the code: a message, cause or stack made by a verifier may quote the token.
    logger.error(`The token verifier failed for the token ${ref}: ${failureCode(error)}.`);
    return;
  }
  // Tokens expire all the time, and their clients are told.
  const level = error.code === 'token_expired' ? 'debug' : 'warn';
  logger[level](`The token ${ref} was refused: ${error.reason}.`);
}
