import { AckExtension, TimeSyncExtension } from 'cometd';
import { until } from '../support/until.js';
import { CometdClient } from './cometd.client.js';
import { withRealClient } from './interop.js';

const RULES = [{ channel: '/news', subscribe: true }];
const MESSAGES = 60;

/** The clock estimate of the client made last; its types leave out what it is for. */
let estimate: { getTimeOffset(): number };

function create(settings: ConstructorParameters<typeof CometdClient>[0]): CometdClient {
  const timesync = new TimeSyncExtension();
  estimate = timesync as unknown as typeof estimate;
  return new CometdClient(settings, { ack: new AckExtension(), timesync });
}

describe('the cometd client with its extensions', () => {
  withRealClient(create, (interop) => {
    it('[C4] misses nothing while its connections die all the time, with its token on connects', async () => {
      const app = await interop.start({ rules: RULES });
      // Its adapter for Node sends no cookie with a socket, so the token has to prove whose session it is.
      const presentedOn = ['/meta/handshake', '/meta/connect'];
      const alice = await interop.client('alice', { presentedOn });
      await alice.start();
      const news = await alice.subscribe('/news');
      const clientId = alice.clientId;
      const distinct = (): unknown[] => [...new Set(news)];
      for (let number = 0; number < MESSAGES; number++) {
        await app.service.broadcast('/news', number);
        if (number % 10 === 5) app.cutConnections();
        if (number % 10 === 9) await until('the messages so far', () => distinct().length === number + 1);
      }
      // Repetitions are the client's business; gaps and disorder would be the server's.
      expect(distinct()).toEqual(Array.from({ length: MESSAGES }, (_, index) => index));
      expect(alice.clientId).toBe(clientId);
    });

    it('[C4] keeps its session without that where it sends its cookie, over long-polling', async () => {
      const app = await interop.start({ rules: RULES });
      const alice = await interop.client('alice');
      await alice.start();
      await until('the client to be connected', () => alice.connected && alice.sent('/meta/connect') > 1);
      const { clientId } = alice;
      app.cutConnections();
      const before = alice.sent('/meta/connect');
      await until('more connects', () => alice.connected && alice.sent('/meta/connect') > before + 2);
      const kept = interop.transport === 'long-polling';
      expect(alice.clientId === clientId).toBe(kept);
      expect(alice.sent('/meta/handshake')).toBe(kept ? 1 : 2);
      // What was lost would only wait to expire.
      if (!kept) app.server.sessions.find(clientId ?? '')?.end('timeout');
    });

    it('knows what time it is at the server', async () => {
      await interop.start();
      const alice = await interop.client('alice');
      await alice.start();
      await until('a few connects', () => alice.sent('/meta/connect') > 3);
      // Both are in one process, which may be busy elsewhere.
      expect(Math.abs(estimate.getTimeOffset())).toBeLessThan(10_000);
    });
  });
});
