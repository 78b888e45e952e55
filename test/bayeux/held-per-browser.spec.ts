import type { RequestContext } from '../../src/bayeux/ports.js';
import { connect, harness, user } from './support/core.harness.js';
import { type FakeLink, poll } from './support/fake.link.js';

/** The tabs of one browser, each with its session, over HTTP/1.1 or HTTP/2. */
function tabs(count: number, options: Record<string, number>, multiplexed: boolean): FakeLink[] {
  const { server } = harness({ options });
  const context: RequestContext = {
    credential: { kind: 'principal', principal: user('alice') },
    headers: {},
    browser: 'the browser',
    ...(multiplexed && { multiplexed }),
  };
  return Array.from({ length: count }, () => {
    const handshake = poll();
    void server.handle({ messages: [{ channel: '/meta/handshake' }], context }, handshake);
    const session = server.sessions.find(handshake.take()[0]?.clientId ?? '');
    if (!session) throw new Error('The handshake has failed.');
    void server.handle({ messages: [connect(session)], context }, poll());
    const held = poll();
    void server.handle({ messages: [connect(session)], context }, held);
    return held;
  });
}

const isHeld = ({ written }: FakeLink): boolean => written.length === 0;

describe('connects of one browser', () => {
  it.each([
    ['HTTP/1.1', false, { maxHeldPerBrowser: 1, maxHeldPerBrowserHttp2: -1 }, [true, false, false]],
    ['HTTP/2', true, { maxHeldPerBrowser: 1, maxHeldPerBrowserHttp2: -1 }, [true, true, true]],
    ['HTTP/2 with a limit', true, { maxHeldPerBrowser: 1, maxHeldPerBrowserHttp2: 2 }, [true, true, false]],
    ['HTTP/2 with none', true, { maxHeldPerBrowser: 1, maxHeldPerBrowserHttp2: 0 }, [false, false, false]],
  ])('are held over %s as the options say', (_, multiplexed, options, expected) => {
    expect(tabs(3, options, multiplexed).map(isHeld)).toEqual(expected);
  });
});
