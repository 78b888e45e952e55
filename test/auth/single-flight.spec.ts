import { SingleFlight } from '../../src/auth/single-flight.js';
import { TestClock } from './issuer.fixture.js';

describe('SingleFlight', () => {
  it('runs once for all that wait, and again for those who come later', async () => {
    let runs = 0;
    const flight = new SingleFlight(
      () => Promise.resolve(++runs),
      1_000,
      () => 0,
    );
    await expect(Promise.all([flight.run(), flight.run()])).resolves.toEqual([1, 1]);
    await expect(flight.run()).resolves.toBe(2);
  });

  it('gives a failure to all who come before the cool-down is over, whatever the wall clock is set to', async () => {
    const clock = new TestClock();
    let runs = 0;
    const flight = new SingleFlight(
      () => Promise.reject(new Error(`run ${(++runs).toString()}`)),
      1_000,
      () => clock.now(),
    );
    await expect(flight.run()).rejects.toThrow('run 1');
    clock.stepWall(-3_600_000);
    clock.advance(999);
    await expect(flight.run()).rejects.toThrow('run 1');
    clock.advance(1);
    await expect(flight.run()).rejects.toThrow('run 2');
  });
});
