import { createHash } from 'node:crypto';

/** Characters a token may have unless options say otherwise: as many as the headers of a request in Node. */
export const MAX_TOKEN_LENGTH = 16_384;

/**
 * Twelve hexadecimal digits that identify a token in logs without giving it away: the beginning of its SHA-256.
 */
export function tokenRef(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}

/** Stands for a token in what is remembered: its whole SHA-256, which no other token has. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
