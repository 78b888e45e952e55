import type { Outbound } from './ports.js';

/**
 * A message on its way to clients, built once and shared by all that receive it. Only `channel` and `data` go out:
 * whatever else a publisher sent (`advice` that would steer every subscriber, tokens in `ext`) is not in it.
 */
export class Delivery {
  /** The message as JSON text. */
  readonly text: string;
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;

  /** @throws TypeError if `data` cannot be written as JSON. */
  constructor(
    readonly channel: string,
    data: unknown,
  ) {
    this.text = `{"channel":${JSON.stringify(channel)},"data":${serialise(data)}}`;
    this.bytes = utf8Length(this.text);
  }
}

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

/** The one array of a frame or response. */
export function encode(messages: readonly Outbound[]): string {
  if (messages.length === 1) return `[${textOf(messages[0] as Outbound)}]`;
  let text = '[';
  for (const message of messages) {
    if (text.length > 1) text += ',';
    text += textOf(message);
  }
  return `${text}]`;
}

function textOf(message: Outbound): string {
  return message instanceof Delivery ? message.text : JSON.stringify(message);
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
