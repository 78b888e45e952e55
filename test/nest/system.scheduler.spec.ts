import { jest } from '@jest/globals';
import { SystemScheduler } from '../../src/nest/system.scheduler.js';

const DAY = 86_400_000;

describe('the clock of a running server', () => {
  beforeEach(() => void jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
  afterEach(() => void jest.useRealTimers());

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

  it('T35: runs nothing ahead of its time, if its timer comes early as the clock was set back', () => {
    const time = scheduler();
    const ran: number[] = [];
    time.deadline(() => void ran.push(time.now())).moveTo(time.now() + 60_000);
    const due = time.now() + 60_000;
    jest.setSystemTime(time.now() - 3_600_000);
    jest.advanceTimersByTime(60_000);
    expect(ran).toEqual([]);
    jest.advanceTimersByTime(3_600_000);
    expect(ran).toEqual([due]);
  });

  it('runs all that fell due while the machine slept, in its order, when it wakes', () => {
    const time = scheduler();
    const ran: string[] = [];
    time.deadline(() => void ran.push('second')).moveTo(time.now() + 20_000);
    time.deadline(() => void ran.push('first')).moveTo(time.now() + 10_000);
    jest.setSystemTime(time.now() + 3_600_000);
    jest.advanceTimersByTime(10_000);
    expect(ran).toEqual(['first', 'second']);
  });
});
