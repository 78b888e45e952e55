import { isJsonObject, type JsonObject, type Reply } from '../message.js';
import type { Clock } from '../ports.js';

/** Milliseconds by which a client's estimate may be off before it is told. */
const ACCURACY = 25;

/**
 * The timesync extension: clients estimate the offset of the server's clock and the lag of the network from what meta
 * messages bring back in `ext.timesync`. A client whose estimate is good is told nothing.
 *
 * @returns what completes the reply, or `undefined` if the message does not ask.
 */
export function timesync(body: JsonObject, clock: Clock): ((reply: Reply) => void) | undefined {
  const { ext } = body;
  const request = isJsonObject(ext) ? ext['timesync'] : undefined;
  if (!isJsonObject(request)) return undefined;
  const { tc, l: lag, o: offset } = request;
  if (!isNumber(tc)) return undefined;
  const ts = clock.wallTime();
  const begun = clock.now();
  const accuracy = isNumber(lag) && isNumber(offset) ? tc + offset + lag - ts : undefined;
  if (accuracy !== undefined && lag !== 0 && Math.abs(accuracy) < ACCURACY) return undefined;
  return (reply) => {
    const answer = { tc, ts, p: clock.now() - begun, ...(accuracy !== undefined && { a: accuracy }) };
    reply.ext = { ...reply.ext, timesync: answer };
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
