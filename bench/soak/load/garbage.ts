import type { Random } from '../../../test/bayeux/support/random.js';
import type { Members } from '../../../test/support/message.js';

/** Contents that no client should send, for which some connections are closed. */
const GARBAGE: readonly (string | Buffer)[] = [
  '',
  '{',
  '[]',
  '[1,null,"x"]',
  '[{"channel":"/meta/connect","clientId":"nobody","connectionType":"websocket"}]',
  '[{"channel":"/meta/unknown","clientId":"nobody"},{"channel":"/soak//x"},{}]',
  '[{"channel":"/meta/handshake","version":"1.0","minimumVersion":"9.0"}]',
  `[${'['.repeat(2_000)}${']'.repeat(2_000)}]`,
  `[${Array.from({ length: 200 }, () => '{"channel":"/a"}').join(',')}]`,
  `[{"channel":"/soak/x","data":"${'x'.repeat(70_000)}"}]`,
  Buffer.from([0xff, 0xfe, 0x00, 0x5b, 0x80]),
];

/** Something that is no good request or frame. */
export function garbage(random: Random): string | Buffer {
  return random.pick(GARBAGE);
}

/** Messages of a session that have to be refused, and to harm nothing. */
export function badMessages(clientId: string): Members[] {
  return [
    { channel: '/soak/**', clientId, data: 1 },
    { channel: '/meta/subscribe', clientId, subscription: '/meta/connect' },
    { channel: '/meta/subscribe', clientId },
    { channel: '/soak/no-data', clientId },
    { channel: '/service/nobody', clientId, data: 1 },
    { channel: '/meta/whatever', clientId, data: 1 },
    { channel: '/soak/a b', clientId, data: 1 },
  ];
}
