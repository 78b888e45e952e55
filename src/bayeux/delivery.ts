import { BINARY_EXT, BinaryData } from './extensions/binary.js';
import type { JsonObject } from './message.js';
import type { Outbound } from './ports.js';
import { replyText } from './reply-text.js';

/** What a message has besides its channel and data. */
export interface DeliveryExtras {
  /** What extensions of the server say to those of the client. */
  readonly ext?: JsonObject | undefined;
  /** When it was made, in ISO 8601. */
  readonly timestamp?: string | undefined;
  /** Whether it may wait for others to go along with. */
  readonly lazy?: boolean | undefined;
}

/** What a message is made of. */
export interface Composed extends Omit<DeliveryExtras, 'timestamp'> {
  readonly channel: string;
  readonly data: unknown;
}

/**
 * A message on its way to clients, built once and shared by all that receive it. Only `channel` and `data` go out, and
 * what the server itself adds: whatever else a publisher sent (`advice` that would steer every subscriber, tokens in
 * `ext`) is not in it.
 */
export class Delivery {
  /** The message as JSON text. */
  readonly text: string;
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;
  readonly ext: JsonObject | undefined;
  readonly timestamp: string | undefined;
  readonly lazy: boolean;

  /** @throws TypeError if `data` or `ext` cannot be written as JSON. */
  constructor(
    readonly channel: string,
    readonly data: unknown,
    { ext, timestamp, lazy = false }: DeliveryExtras = NOTHING_MORE,
  ) {
    this.ext = data instanceof BinaryData ? { ...ext, ...BINARY_EXT } : ext;
    this.timestamp = timestamp;
    this.lazy = lazy;
    let text = `{"channel":${JSON.stringify(channel)},"data":${serialise(data)}`;
    if (this.ext) text += `,"ext":${serialise(this.ext)}`;
    if (timestamp !== undefined) text += `,"timestamp":${JSON.stringify(timestamp)}`;
    this.text = `${text}}`;
    this.bytes = utf8Length(this.text);
  }

  /** What whoever logs or forwards it means by the message. */
  toJSON(): JsonObject {
    const { channel, data, ext, timestamp } = this;
    return { channel, data, ...(ext && { ext }), ...(timestamp !== undefined && { timestamp }) };
  }
}

const NOTHING_MORE: DeliveryExtras = Object.freeze({});

/**
 * `data` as JSON text.
 *
 * @throws TypeError if JSON cannot express it.
 */
export function serialise(data: unknown): string {
  // Typed as string, but undefined for undefined, functions and symbols.
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new TypeError('The data of a message must be a value that JSON can express.');
  return text;
}

/** The arrays of as many frames as it takes; one that holds a single message may be larger than `maxBytes`. */
export function encodeFrames(messages: readonly Outbound[], maxMessages: number, maxBytes: number): string[] {
  if (messages.length === 1) return [`[${textOf(messages[0] as Outbound)}]`];
  const frames: string[] = [];
  let text = '';
  let count = 0;
  let bytes = 0;
  for (const message of messages) {
    const next = textOf(message);
    const size = message instanceof Delivery ? message.bytes : utf8Length(next);
    // With the two brackets, and the comma ahead of it.
    if (count > 0 && (count >= maxMessages || bytes + size + 3 > maxBytes)) {
      frames.push(`[${text}]`);
      text = '';
      count = bytes = 0;
    }
    text += count++ === 0 ? next : `,${next}`;
    bytes += count === 1 ? size : size + 1;
  }
  if (count > 0) frames.push(`[${text}]`);
  return frames;
}

function textOf(message: Outbound): string {
  return message instanceof Delivery ? message.text : replyText(message);
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // A surrogate pair takes four bytes, two for each of its units; JSON text holds no lone surrogates.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
