import type { DecodeFailure } from '../bayeux/message.js';

/** The HTTP status of a request that cannot be read. */
export const STATUS_OF: Readonly<Record<DecodeFailure, number>> = {
  malformed: 400,
  empty: 400,
  too_deep: 400,
};
