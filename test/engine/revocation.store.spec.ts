import { TestClock } from '../auth/issuer.fixture.js';
import { RevocationLimitError, RevocationStore } from '../../src/engine/revocation.store.js';

describe('RevocationStore', () => {
  let clock = new TestClock();
  const store = (limit: number): RevocationStore => {
    clock = new TestClock();
    clock.stepWall(-clock.time);
    return new RevocationStore(clock, limit);
  };

  it('refuses what it has no room for, and gives up nothing that holds', () => {
    const subject = store(2);
    subject.add({ key: 'a', until: 10 });
    subject.add({ key: 'b', until: 10 });
    expect(() => {
      subject.add({ key: 'c', until: 99 });
    }).toThrow(RevocationLimitError);
    expect(subject.find(['a', 'b', 'c']).map(({ key }) => key)).toEqual(['a', 'b']);
    subject.add({ key: 'a', until: 20 });
    expect(subject.find(['a'])).toEqual([{ key: 'a', until: 20 }]);
  });

  it('makes room of what may be forgotten, whatever the order', () => {
    const subject = store(2);
    subject.add({ key: 'long', until: 100 });
    subject.add({ key: 'short', until: 10 });
    clock.advance(10);
    subject.add({ key: 'next', until: 100 });
    expect(subject.find(['long', 'short', 'next']).map(({ key }) => key)).toEqual(['long', 'next']);
  });

  it('does not keep what may be forgotten, without being asked for it', () => {
    const subject = store(1_000);
    for (let index = 0; index < 100; index++) subject.add({ key: `key ${index}`, until: index + 1 });
    clock.advance(100);
    subject.add({ key: 'last', until: 200 });
    expect(subject.size).toBe(1);
  });

  it('keeps one revocation of a key that is revoked again and again', () => {
    const subject = store(10);
    for (let index = 0; index < 100; index++)
      subject.add({ key: 'a', issuedUpTo: index, until: index + 1_000 });
    expect(subject.find(['a'])).toEqual([{ key: 'a', issuedUpTo: 99, until: 1_099 }]);
  });

  it.each([
    ['forward and right again', 3_600_000],
    ['back and right again', -3_600_000],
  ])('[N4] T75 gives up nothing that holds while the wall clock is set %s', (_, step) => {
    const subject = store(1_000);
    subject.add({ key: 'a', until: 60_000 });
    clock.stepWall(step);
    // Each addition forgets what is over.
    subject.add({ key: 'b', until: clock.time + 60_000 });
    expect(subject.find(['a'])).toHaveLength(1);
    clock.stepWall(-step);
    clock.advance(59_999);
    expect(subject.find(['a'])).toEqual([{ key: 'a', until: 60_000 }]);
    clock.advance(1);
    expect(subject.find(['a'])).toEqual([]);
  });
});
