import { inRootContext } from './root-context.js';

/** Bytes of an answer of an issuer: metadata, keys, or what it says of a token. */
const MAX_BYTES = 512 * 1024;

/** Statuses whose answers have no body, and may not be given one. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * `fetch` for what an issuer publishes: no answer is read beyond 512 KiB, so that an issuer that has gone wrong, or
 * another that answers in its place, cannot fill the memory. Redirects are left to the caller, which follows none.
 *
 * @param init what `fetch` takes; jose and openid-client each have a type of their own for it.
 * @throws Error as a rejection, with the code `ISSUER_ANSWER_TOO_LARGE`; and whatever `fetch` throws.
 * @internal
 */
export async function issuerFetch(url: string, init: object): Promise<Response> {
  // Its connection is used again for others.
  const answer = await inRootContext(() => fetch(url, init));
  const { status, statusText, headers } = answer;
  const body = await read(answer);
  return new Response(NO_BODY.has(status) ? null : body, { status, statusText, headers });
}

async function read(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (answer.body !== null) {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      // Leaving the loop cancels the body.
      if (length > MAX_BYTES)
        throw Object.assign(new Error('too large'), { code: 'ISSUER_ANSWER_TOO_LARGE' });
      chunks.push(chunk);
    }
  }
  return new Uint8Array(Buffer.concat(chunks));
}
