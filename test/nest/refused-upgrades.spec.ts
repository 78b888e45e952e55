import type { CometModuleOptions } from '../../src/index.js';
import { APP_PROCESS_HOOK, AppProcess } from '../support/app-process.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { RawSocket } from '../support/raw-socket.js';

const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket'];
const HANDSHAKE = [...WEBSOCKET, KEY, 'Sec-WebSocket-Version: 13'];

/** Upgrades that are answered by hand, each by another part. */
const REFUSED: readonly (readonly string[])[] = [
  ['GET /cometd HTTP/1.1', 'Host: h', 'Origin: http://evil.example', ...HANDSHAKE],
  ['GET /cometd?access_token=x HTTP/1.1', 'Host: h', ...HANDSHAKE],
  ['GET /cometd HTTP/1.1', 'Host: h', ...WEBSOCKET, 'Sec-WebSocket-Version: 13'],
  ['GET /cometd HTTP/1.1', 'Host: h', ...WEBSOCKET, KEY, 'Sec-WebSocket-Version: 99'],
  ['GET /cometd HTTP/1.1', 'Host: h', ...HANDSHAKE, 'Sec-WebSocket-Protocol: a, a'],
  ['GET /plain HTTP/1.1', 'Host: h', ...WEBSOCKET],
];

/** Upgrades that are served as ordinary requests. */
const SERVED: readonly (readonly string[])[] = [
  ['GET /x HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: x'],
  ['GET /x HTTP/1.1', 'Host: h', ...HANDSHAKE],
  ['GET /cometd HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: h2c'],
  ['POST /cometd HTTP/1.1', 'Host: h', ...HANDSHAKE, 'Content-Length: 1000'],
  ['GET /plain HTTP/1.1', 'Host: [', ...HANDSHAKE],
  ['GET /plain HTTP/1.0', ...HANDSHAKE],
];

type Departure = (socket: RawSocket) => void;

/** How a peer leaves. */
const LEAVING: Readonly<Record<string, Departure>> = {
  'closes without reading': (socket) => {
    socket.destroy();
  },
  resets: (socket) => {
    socket.reset();
  },
  'sends a byte and closes': (socket) => {
    socket.write('x');
    socket.end();
    socket.destroy();
  },
};

/** What a peer does that does not leave by itself. */
const STAYING: Readonly<Record<string, Departure>> = {
  'half-closes': (socket) => {
    socket.end();
  },
  'sends a byte': (socket) => {
    socket.write('x');
  },
  'sends without end': (socket) => {
    for (let times = 0; times < 4; times++) socket.write('x'.repeat(65_536));
  },
  'says nothing': () => undefined,
};

const UNLIMITED: CometModuleOptions = {
  auth: { anonymous: true },
  limits: { pendingSockets: 0, pendingSocketsPerAddress: 0 },
};

describe('upgrades that are refused', () => {
  let app: AppProcess;
  beforeAll(async () => {
    app = await AppProcess.start({ http: HTTP_KINDS, gateway: true, options: UNLIMITED });
  }, APP_PROCESS_HOOK);
  afterAll(() => app.stop());

  /** Connects with each of some requests, and has some leave before and others after the server has answered. */
  async function attack(requests: readonly (readonly string[])[], depart: Departure): Promise<RawSocket[]> {
    const answered: RawSocket[] = [];
    const hasty: RawSocket[] = [];
    for (const origin of Object.values(app.origins)) {
      for (const lines of requests) {
        for (const sockets of [answered, answered, hasty]) {
          const socket = await RawSocket.open(origin);
          socket.write(`${lines.join('\r\n')}\r\n\r\n`);
          sockets.push(socket);
          if (sockets === hasty) depart(socket);
        }
      }
    }
    await app.state();
    for (const socket of answered) depart(socket);
    return [...answered, ...hasty];
  }

  async function expectUnharmed(): Promise<void> {
    await app.until('all connections to end', ({ connections }) => connections === 0);
    for (const origin of Object.values(app.origins)) {
      const question = { method: 'GET', headers: { connection: 'close' }, body: '' };
      expect((await ask(`${origin}/portal`, question).answer).text).toBe('the portal');
    }
    expect(app.output()).not.toContain('ERROR');
    for (const counts of (await app.state()).counts)
      expect(counts).toMatchObject({ sessions: 0, sockets: 0 });
  }

  it.each(Object.entries(LEAVING))(
    '[W1] [W2] T56 T57 a peer that %s costs neither the process nor a descriptor',
    async (_, depart) => {
      await attack([...REFUSED, ...SERVED], depart);
      await expectUnharmed();
    },
  );

  it.each(Object.entries(STAYING))('[W2] T57 a peer that is refused and %s is cut off', async (_, depart) => {
    const sockets = await attack(REFUSED, depart);
    await expectUnharmed();
    for (const socket of sockets) socket.destroy();
  });
});
