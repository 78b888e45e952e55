import type { Members } from './message.js';

/** The member of a message that presents a token. */
export function presenting(token: unknown): Members {
  return { ext: { auth: { token } } };
}

/** The header that presents a token. */
export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
