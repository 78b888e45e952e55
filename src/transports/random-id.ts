import { randomFillSync } from 'node:crypto';

/** Bytes of an id: 192 bits cannot be guessed. */
const BYTES = 24;

/** Ids that one call to the generator serves. The call costs more than its bytes do. */
const AT_ONCE = 128;

/** Of this thread alone: workers load modules of their own. Apart from the pool that Node shares among buffers. */
const pool = Buffer.allocUnsafeSlow(BYTES * AT_ONCE);
let used = pool.length;

/**
 * An id that cannot be guessed: 24 bytes of the generator of `node:crypto`, in base64url. Bytes are fetched ahead, as
 * `randomUUID` does. Each serves one id and is wiped then, so that the memory holds no id that was given out.
 */
export function randomId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + BYTES;
  const id = pool.toString('base64url', used, end);
  pool.fill(0, used, end);
  used = end;
  return id;
}
