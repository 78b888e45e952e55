import { APP_PROCESS_HOOK, AppProcess } from '../support/app-process.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';

describe('a process that is sent SIGTERM', () => {
  let process: AppProcess | undefined;
  const clients: (PollingClient | SocketClient)[] = [];
  beforeAll(async () => {
    process = await AppProcess.start({
      http: ['express'],
      signals: true,
      options: { auth: { anonymous: true }, services: { drainTimeout: 1_500 } },
    });
  }, APP_PROCESS_HOOK);
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));
  afterAll(() => process?.stop());

  it('[G5] answers the calls that are under way, gives up one that hangs, and ends', async () => {
    const app = process as AppProcess;
    const url = `${app.origins['express'] ?? ''}/cometd`;
    const join = (client: PollingClient | SocketClient): Promise<PollingClient | SocketClient> => {
      clients.push(client);
      return client.join();
    };
    const busy = [await join(new PollingClient({ url })), await join(new SocketClient({ url }))];
    const stuck = [await join(new PollingClient({ url })), await join(new SocketClient({ url }))];
    const { counts } = await app.state();
    const before = counts[0]?.deadlines ?? 0;
    const calls = busy.map((client) => client.call('/service/slow', {}));
    const hung = stuck.map((client) => client.call('/service/hung', {}).catch(String));
    // Each call has a time limit of its own.
    await app.until('the calls to begin', (state) => (state.counts[0]?.deadlines ?? 0) >= before + 4);
    expect(await app.signal('SIGTERM')).toBe('SIGTERM');
    for (const { answers, reply } of await Promise.all(calls)) {
      expect(answers).toEqual(['done']);
      expect(reply.successful).toBe(true);
    }
    const [polled, pushed] = await Promise.all(hung);
    expect(polled).toContain('answered with HTTP 503');
    expect(pushed).toContain('closed with 1001');
    expect(app.output()).toContain('Those calls get no answer');
  });
});
