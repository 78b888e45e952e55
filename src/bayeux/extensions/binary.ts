import { isJsonObject, type JsonObject } from '../message.js';
import { decodeZ85, encodeZ85 } from './z85.js';

/**
 * Bytes as the data of a message (`ext.binary`). Clients with the binary extension get them as bytes, others as the
 * object that stands for them on the wire: `{ data: <Z85 text>, last, meta }`.
 *
 * @publicApi
 */
export class BinaryData {
  /** @throws TypeError if `bytes` are no bytes. */
  constructor(
    readonly bytes: Uint8Array,
    /** False if more chunks follow that belong to this one. @default true */
    readonly last = true,
    /** What describes the bytes, a name or a media type for example. */
    readonly meta?: JsonObject,
  ) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError('BinaryData needs a Uint8Array or a Buffer.');
  }

  toJSON(): JsonObject {
    const { last, meta } = this;
    return { data: encodeZ85(this.bytes), last, ...(meta && { meta }) };
  }
}

/** What marks a message whose data stands for bytes. */
export const BINARY_EXT = Object.freeze({ binary: Object.freeze({}) });

/** Whether a message says that its data stands for bytes. */
export function isMarkedBinary({ ext }: JsonObject): boolean {
  return isJsonObject(ext) && isJsonObject(ext['binary']);
}

/** The bytes a marked message stands for, or `undefined` if there are none to be read. */
export function readBinary(data: unknown): BinaryData | undefined {
  if (!isJsonObject(data)) return undefined;
  const { data: text, last, meta } = data;
  const bytes = typeof text === 'string' ? decodeZ85(text) : undefined;
  return bytes && new BinaryData(bytes, last !== false, isJsonObject(meta) ? meta : undefined);
}
