import { BinaryData } from '../../../src/index.js';
import { BytesGateway } from './support/bytes.gateway.js';
import { ClientStage } from './support/client-stage.js';
import type { ClientTab } from './support/client-tab.js';
import { type BrowserTransport, USUAL_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();
const RULES = [
  { channel: '/files', subscribe: true, publish: true },
  { channel: '/sent', subscribe: true },
];

/** Every number of bytes that is left over in an encoding by fours, and the values that are easily mistaken. */
const CHUNKS = [
  ...Array.from({ length: 10 }, (_, length) => Array.from({ length }, (_, index) => 255 - index)),
  [0, 0, 0, 0],
  [255, 255, 255, 255, 255, 255, 255, 255],
  Array.from({ length: 256 }, (_, index) => index),
];

async function connect(user: string, transport: BrowserTransport, sessions: number): Promise<ClientTab> {
  const tab = await stage.tab('cometd');
  const token = await stage.token(user);
  await tab.ask('start', { transport, token, extensions: true, channels: ['/files', '/sent'] });
  await tab.connected();
  await stage.held(sessions);
  return tab;
}

describe.each(USUAL_TRANSPORTS)('the cometd client with its extensions, over %s', (transport) => {
  it('publishes bytes that others receive as they are', async () => {
    await stage.start({ rules: RULES });
    const [alice, bob] = [await connect('alice', transport, 1), await connect('bob', transport, 2)];
    for (const [number, bytes] of CHUNKS.entries()) {
      const last = number === CHUNKS.length - 1;
      const reply = await alice.ask('publishBytes', '/files', bytes, last, { name: 'a.bin', number });
      expect(reply).toMatchObject({ successful: true });
    }
    const sent = CHUNKS.map((bytes, number) => ({
      bytes,
      last: number === CHUNKS.length - 1,
      meta: { name: 'a.bin', number },
    }));
    expect(await bob.inbox('/files', CHUNKS.length)).toEqual(sent);
    // The publisher has subscribed, too.
    expect(await alice.inbox('/files', CHUNKS.length)).toEqual(sent);
  });

  it('sends bytes to services, and gets bytes in return', async () => {
    const app = await stage.start({ rules: RULES }, [BytesGateway]);
    const alice = await connect('alice', transport, 1);
    for (const bytes of CHUNKS) {
      const { data } = await alice.ask('callBytes', 'reverse', bytes);
      expect(data).toMatchObject({ bytes: bytes.toReversed() });
    }
    const { received } = app.get(BytesGateway);
    expect(received.map((data) => (data instanceof BinaryData ? [...data.bytes] : data))).toEqual(CHUNKS);
    for (const data of received) expect(data).toMatchObject({ last: true });
  });

  it('receives bytes that the server sends', async () => {
    const app = await stage.start({ rules: RULES }, [BytesGateway]);
    const alice = await connect('alice', transport, 1);
    for (const bytes of CHUNKS) await app.service.broadcast('/files', new BinaryData(Uint8Array.from(bytes)));
    const files = await alice.inbox('/files', CHUNKS.length);
    expect(files).toMatchObject(CHUNKS.map((bytes) => ({ bytes })));

    await alice.ask('publishBytes', '/service/send', [1, 2, 3], true);
    expect(await alice.inbox('/sent', 1)).toMatchObject([{ bytes: [3, 2, 1] }]);
  });
});
