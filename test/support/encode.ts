import { Delivery } from '../../src/bayeux/delivery.js';
import type { Outbound } from '../../src/bayeux/ports.js';

/** The array that holds `messages`, written the plain way. */
export function encode(messages: readonly Outbound[]): string {
  const texts = messages.map((message) =>
    message instanceof Delivery ? message.text : JSON.stringify(message),
  );
  return `[${texts.join(',')}]`;
}
