import { AsyncLocalStorage } from 'node:async_hooks';
import { jest } from '@jest/globals';
import { SystemScheduler } from '../../src/nest/system.scheduler.js';

const DAY = 86_400_000;

describe('the clock of a running server', () => {
  beforeEach(() => void jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const scheduler = (): SystemScheduler =>
    new SystemScheduler({ debug: () => undefined, warn: () => undefined, error: () => undefined });

  it('T35: runs what is due in 30 days then, and not at once, though no timer lasts as long', () => {
    const time = scheduler();
    const ran: number[] = [];
    const begun = time.now();
    time.deadline(() => void ran.push(time.now() - begun)).moveTo(begun + 30 * DAY);
    jest.advanceTimersByTime(30 * DAY - 1);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ran).toEqual([30 * DAY]);
    expect(time.armed).toBe(0);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('[N4] T75 runs what is due when its time has passed, though the wall clock is set %s', (_, step) => {
    const time = scheduler();
    const ran: number[] = [];
    const begun = time.now();
    time.deadline(() => void ran.push(time.now() - begun)).moveTo(begun + 45_000);
    jest.setSystemTime(time.wallTime() + step);
    jest.advanceTimersByTime(1_500);
    jest.setSystemTime(time.wallTime() - step);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(43_499);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(ran).toEqual([45_000]);
  });

  it('[N4] T75 sets no timer for more than a minute', () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const time = scheduler();
    time.deadline(() => undefined).moveTo(time.now() + 30 * DAY);
    jest.advanceTimersByTime(600_000);
    const delays = set.mock.calls.map(([, delay]) => delay);
    expect(delays).toHaveLength(11);
    expect(Math.max(...delays.map(Number))).toBe(60_000);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('[N4] T75 notices within a minute that the wall clock was set %s', (_, step) => {
    const time = scheduler();
    const noticed: number[] = [];
    time.onWallStep(() => void noticed.push(time.now() - begun));
    const begun = time.now();
    time.deadline(() => undefined).moveTo(begun + DAY);
    jest.advanceTimersByTime(90_000);
    jest.setSystemTime(time.wallTime() + step);
    jest.advanceTimersByTime(30_000);
    expect(noticed).toEqual([120_000]);
    jest.advanceTimersByTime(600_000);
    expect(noticed).toHaveLength(1);
  });

  it('[N6] T76 runs deadlines and what follows a turn outside the context of the caller that armed them', async () => {
    const time = scheduler();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const see = (): void => void seen.push(storage.getStore());
    const others = time.deadline(see);
    storage.run('A', () => {
      // The one timer is set anew here.
      time.deadline(see).moveTo(time.now() + 1_000);
      time.endOfTurn(see);
    });
    others.moveTo(time.now() + 2_000);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('runs what else is to follow a turn if one of it throws, and says so', () => {
    const errors: string[] = [];
    const logger = {
      debug: () => undefined,
      warn: () => undefined,
      error: (text: string) => void errors.push(text),
    };
    const time = new SystemScheduler(logger);
    const ran: string[] = [];
    time.endOfTurn(() => {
      time.endOfTurn(() => void ran.push('next turn'));
      throw new Error('boom');
    });
    time.endOfTurn(() => void ran.push('this turn'));
    jest.advanceTimersByTime(1);
    expect(ran).toEqual(['this turn', 'next turn']);
    expect(errors).toHaveLength(1);
  });

  it('runs all that fell due while its process was stopped, in its order, when it goes on', () => {
    const time = scheduler();
    const ran: string[] = [];
    const begun = time.now();
    jest.spyOn(time, 'now').mockImplementation(() => begun + 3_600_000);
    time.deadline(() => void ran.push('second')).moveTo(begun + 20_000);
    time.deadline(() => void ran.push('first')).moveTo(begun + 10_000);
    jest.advanceTimersByTime(0);
    expect(ran).toEqual(['first', 'second']);
  });
});
