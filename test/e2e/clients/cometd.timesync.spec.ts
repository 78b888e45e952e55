import { ClientStage } from './support/client-stage.js';
import { USUAL_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();

/** Milliseconds by which an estimate may be off: browser and server are on one machine, which is busy. */
const GENEROUS = 10_000;
const HOUR = 3_600_000;

/** Sets the clock of a page wrong by `shift` milliseconds. A text: tests know no names of the browser's world. */
const wrongClock = (shift: number): string => `
  const now = () => performance.timeOrigin + performance.now() + ${shift};
  globalThis.Date = class extends Date {
    constructor(...args) { super(...(args.length > 0 ? args : [now()])); }
    static now() { return Math.floor(now()); }
  };`;

describe.each(USUAL_TRANSPORTS)('the cometd client with its extensions, over %s', (transport) => {
  it.each([
    ['agrees with the server about the time', 0],
    ['knows by how much its clock is fast', HOUR],
    ['knows by how much its clock is slow', -HOUR],
  ])('%s', async (_, shift) => {
    await stage.start();
    const browser = await stage.browser();
    if (shift !== 0) await browser.addInitScript(wrongClock(shift));
    const alice = await stage.tab('cometd', browser);
    await alice.ask('start', { transport, token: await stage.token('alice'), extensions: true });
    await alice.connected();
    await stage.held();
    const { offset, samples } = await alice.ask('clock');
    expect(samples).toBeGreaterThan(0);
    expect(Math.abs(offset + shift)).toBeLessThan(GENEROUS);
  });
});
