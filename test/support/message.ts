/** A message as it is on the wire, from the server. */
export interface Message {
  readonly channel?: string;
  readonly id?: string;
  readonly clientId?: string;
  readonly version?: string;
  readonly minimumVersion?: string;
  readonly supportedConnectionTypes?: readonly string[];
  readonly subscription?: unknown;
  readonly data?: unknown;
  readonly successful?: boolean;
  readonly error?: string;
  readonly advice?: { readonly reconnect?: string; readonly interval?: number; readonly timeout?: number };
  readonly ext?: unknown;
}

/** Members that a test adds to a message, or replaces in it. */
export type Members = Readonly<Record<string, unknown>>;

/** Reads what came in one response or frame. @throws Error if it is no array of objects. */
export function parseArray(text: string): Message[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || value.some((element) => typeof element !== 'object' || element === null)) {
    throw new Error(`Not an array of messages: ${text}`);
  }
  return value as Message[];
}

/** Whether a message is a push, and no answer to anything. */
export function isDelivery(message: Message): boolean {
  return 'data' in message && !('successful' in message);
}

/** Whether a message concludes a request; the data a service answers with comes before that. */
export function isReply(message: Message): boolean {
  return 'successful' in message && !('data' in message);
}
