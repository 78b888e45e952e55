import { MemoryEngine } from '../../src/engine/memory.engine.js';
import type { Principal } from '../../src/bayeux/ports.js';
import type { Revocable } from '../../src/bayeux/revocation.js';
import {
  connect,
  deferred,
  type Harness,
  harness,
  type HarnessOptions,
  push,
  settled,
  user,
} from './support/core.harness.js';
import { poll, socket } from './support/fake.link.js';
import { VirtualClock } from './support/virtual.clock.js';

const HOUR = 3_600_000;
const REVOKED = { successful: false, error: '401::session_revoked', advice: { reconnect: 'none' } };

/** Every principal is known by the id of its user, and its token was issued at 1000. */
const revocable = ({ userId }: Principal): Revocable => ({ keys: [userId ?? ''], issuedAt: 1_000 });
const server = (options: HarnessOptions = {}): Harness => harness({ revocable, ...options });
const revoke = ({ server: { revocations }, clock }: Harness, key: string, issuedUpTo?: number): unknown =>
  revocations.revoke({
    key,
    until: clock.wallTime() + HOUR,
    ...(issuedUpTo !== undefined && { issuedUpTo }),
  });

describe('a revocation', () => {
  it('T39: while a session is being admitted refuses its handshake', async () => {
    const hook = deferred<undefined>();
    const core = server({ listener: { admit: () => hook.promise, removed: () => undefined } });
    const link = socket();
    void core.request(link, [{ channel: '/meta/handshake', id: '1' }], user('alice'));
    expect(revoke(core, 'alice')).toEqual({ sessions: 1 });
    hook.resolve(undefined);
    await settled();
    expect(link.take()).toMatchObject([{ id: '1', ...REVOKED }]);
    expect(core.server.counts.sessions).toBe(0);
  });

  it('drops what a client has not acknowledged', () => {
    const core = server();
    const link = poll();
    void core.request(link, [{ channel: '/meta/handshake', ext: { ack: true } }], user('alice'));
    const session = core.server.sessions.find(String(link.take().at(-1)?.clientId));
    if (!session) throw new Error('The handshake has failed.');
    void core.request(poll(), [connect(session, { ext: { ack: 0 } })]);
    push(session, 'secret');
    void core.request(poll(), [connect(session, { ext: { ack: 1 } })]);
    const held = poll();
    // Nothing was seen of it, so it would come again.
    void core.request(held, [connect(session, { ext: { ack: 2 } })]);
    revoke(core, 'alice');
    expect(held.takeData()).toEqual([]);
    expect(session.endedBy).toBe('revoked');
  });

  it.each([
    ['ends sessions whose token was issued up to its time', 1_000, 1],
    ['leaves those whose token was issued later', 999, 0],
  ])('%s', (_, issuedUpTo, sessions) => {
    const core = server();
    core.overSocket();
    expect(revoke(core, 'alice', issuedUpTo)).toEqual({ sessions });
  });

  it('concerns tokens of unknown age too', () => {
    const core = server({ revocable: () => ({ keys: ['alice'], issuedAt: undefined }) });
    core.overSocket();
    expect(revoke(core, 'alice', 1)).toEqual({ sessions: 1 });
  });

  it('leaves sessions of the server itself alone, and those nothing can revoke', () => {
    const core = server({ revocable: () => ({ keys: [], issuedAt: undefined }) });
    core.overSocket();
    expect(revoke(core, '')).toEqual({ sessions: 0 });
  });

  it('is recorded for each session that it ends', () => {
    const events: unknown[] = [];
    const core = server({ audit: { record: (event) => void events.push(event) } });
    core.overSocket();
    core.overSocket();
    events.length = 0;
    revoke(core, 'alice');
    expect(events).toMatchObject(
      [1, 2].map(() => ({ type: 'session_revoked', principal: { userId: 'alice' } })),
    );
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('T38: whose look-up %s lets nobody in', async (_, revoked) => {
    const engine = {
      start: () => undefined,
      publish: () => ({ sessions: 0 }),
      revoke: () => ({ sessions: 0 }),
      revoked,
      stop: () => undefined,
    };
    const core = server({ engine });
    const link = poll();
    await core.request(link, [{ channel: '/meta/handshake' }], user('alice'));
    expect(link.ends).toEqual(['unavailable']);
    expect(link.take()).toEqual([]);
    expect(core.server.counts.sessions).toBe(0);
  });

  it('[N4] T75 that was missed is found, though the wall clock was wrong by an hour when it was last asked for', async () => {
    const clock = new VirtualClock();
    const asked: number[] = [];
    const engine = Object.assign(new MemoryEngine(clock), {
      revokedSince: (time: number) => {
        asked.push(time);
        return [];
      },
    });
    const core = server({ engine, scheduler: clock, options: { maxInterval: HOUR } });
    clock.stepWall(HOUR);
    core.overSocket();
    clock.stepWall(-HOUR);
    const right = clock.wallTime();
    clock.advance(30_000);
    await settled();
    expect(asked).toEqual([right - 60_000]);
  });
});
