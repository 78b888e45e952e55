import { Delivery } from '../../src/bayeux/delivery.js';
import { type Batch, Outbox } from '../../src/bayeux/outbox.js';
import { Random } from './support/random.js';

const SIZE = new Delivery('/push', 0).bytes;

function outbox(limits: Partial<Outbox['limits']> = {}): Outbox {
  return new Outbox({ maxMessages: 1_000, maxBytes: 1_000_000, ...limits });
}

function add(box: Outbox, ...numbers: number[]): boolean[] {
  return numbers.map((number) => box.add(new Delivery('/push', number)));
}

function numbersOf({ messages }: Batch): number[] {
  return messages.map(({ text }) => (JSON.parse(text) as { data: number }).data);
}

describe('Outbox', () => {
  it('gives what waits in its order, and nothing twice', () => {
    const box = outbox();
    add(box, 1, 2, 3);
    expect(box.waiting).toBe(3);
    expect(numbersOf(box.take({}, false))).toEqual([1, 2, 3]);
    expect(box.waiting).toBe(0);
    expect(numbersOf(box.take({}, false))).toEqual([]);
  });

  it('is limited by the count of messages', () => {
    const box = outbox({ maxMessages: 2 });
    expect(add(box, 1, 2, 3)).toEqual([true, true, false]);
    expect(numbersOf(box.take({}, false))).toEqual([1, 2]);
  });

  it('is limited by their bytes, and refuses only what does not fit', () => {
    const box = outbox({ maxBytes: 2 * SIZE + 1 });
    expect(add(box, 1, 2, 3)).toEqual([true, true, false]);
    box.take({}, false);
    expect(box.add(new Delivery('/push', 'x'.repeat(3 * SIZE)))).toBe(false);
    expect(add(box, 4)).toEqual([true]);
  });

  it('measures bytes, not characters', () => {
    const delivery = new Delivery('/push', '😀'.repeat(10));
    expect(outbox({ maxBytes: delivery.bytes - 1 }).add(delivery)).toBe(false);
    expect(outbox({ maxBytes: delivery.bytes }).add(delivery)).toBe(true);
  });

  it('does not count a batch that a link that lasts has taken', () => {
    const box = outbox({ maxMessages: 2 });
    add(box, 1, 2);
    box.take({}, false);
    expect(add(box, 3, 4, 5)).toEqual([true, true, false]);
  });

  it('counts a batch for one response until it has left', () => {
    const box = outbox({ maxMessages: 2 });
    add(box, 1, 2);
    const batch = box.take({}, true);
    expect(add(box, 3)).toEqual([false]);
    box.sent(batch);
    expect(add(box, 4, 5, 6)).toEqual([true, true, false]);
  });

  it('puts everything an owner did not send back ahead of younger messages, in order', () => {
    const box = outbox();
    const link = {};
    add(box, 1, 2);
    box.take(link, false);
    add(box, 3);
    box.take(link, false);
    add(box, 4);

    box.putBack(link);

    expect(box.waiting).toBe(4);
    expect(numbersOf(box.take({}, false))).toEqual([1, 2, 3, 4]);
  });

  it('puts back only what has not left', () => {
    const box = outbox();
    const link = {};
    add(box, 1);
    const first = box.take(link, false);
    add(box, 2);
    box.take(link, false);
    box.sent(first);

    box.putBack(link);

    expect(numbersOf(box.take({}, false))).toEqual([2]);
  });

  it('leaves what other owners have', () => {
    const box = outbox();
    const one = {};
    const other = {};
    add(box, 1);
    box.take(one, false);
    add(box, 2);
    const kept = box.take(other, false);

    box.putBack(one);
    expect(numbersOf(box.take({}, false))).toEqual([1]);
    box.sent(kept);
    box.putBack(other);
    expect(box.waiting).toBe(0);
  });

  it('settles a batch once, whatever is said of it afterwards', () => {
    const box = outbox({ maxMessages: 2 });
    const link = {};
    add(box, 1, 2);
    const batch = box.take(link, true);
    box.putBack(link);
    box.putBack(link);
    box.sent(batch);
    expect(numbersOf(box.take({}, true))).toEqual([1, 2]);
    expect(add(box, 3)).toEqual([false]);
  });

  it('loses nothing that it accepted when a batch comes back beside new messages', () => {
    const box = outbox({ maxMessages: 2 });
    const link = {};
    add(box, 1, 2);
    box.take(link, false);
    add(box, 3, 4);

    box.putBack(link);

    expect(add(box, 5)).toEqual([false]);
    expect(numbersOf(box.take({}, false))).toEqual([1, 2, 3, 4]);
    expect(add(box, 6, 7, 8)).toEqual([true, true, false]);
  });

  it.each([31, 32, 33])('keeps order and count over random use (seed %i)', (seed) => {
    const random = new Random(seed);
    const box = outbox({ maxMessages: 20 });
    const links = [{ counted: true }, { counted: false }];
    let inFlight: Batch[] = [];
    let next = 0;
    const delivered: number[] = [];
    const accepted: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      const action = random.next();
      if (action < 0.5) {
        if (add(box, next)[0]) accepted.push(next);
        next++;
      } else if (action < 0.7) {
        // One link at a time speaks for a session: the other one gives back what it has.
        const link = random.pick(links);
        for (const other of links) if (other !== link) box.putBack(other);
        inFlight = inFlight.filter(({ owner }) => owner === link);
        inFlight.push(box.take(link, link.counted));
      } else if (action < 0.9) {
        const batch = inFlight.shift();
        if (batch) {
          box.sent(batch);
          delivered.push(...numbersOf(batch));
        }
      } else {
        for (const link of links) box.putBack(link);
        inFlight = [];
      }
    }
    for (const link of links) box.putBack(link);
    delivered.push(...numbersOf(box.take({}, true)));
    expect(delivered).toEqual(accepted);
  });

  it('puts back in order what several owners give back in theirs', () => {
    const box = outbox();
    const [one, two] = [{}, {}];
    add(box, 1);
    box.take(one, true);
    add(box, 2);
    box.take(two, true);
    box.putBack(one);
    box.putBack(two);
    expect(numbersOf(box.take({}, true))).toEqual([1, 2]);
  });
});

describe('Outbox with acknowledgement', () => {
  it('keeps what was sent until its number is acknowledged', () => {
    const box = new Outbox({ maxMessages: 10, maxBytes: 1_000 });
    const first = new Delivery('/push', 1);
    box.add(first);
    expect(box.retain(1)).toEqual([first]);
    box.acknowledge(0);
    expect(box.messages).toEqual([first]);
    box.retain(2);
    box.acknowledge(2);
    expect(box.messages).toEqual([]);
  });

  it('sends nothing again that came with a reply the client has seen, though it was sent again meanwhile', () => {
    const box = new Outbox({ maxMessages: 10, maxBytes: 1_000 });
    const [first, second] = [new Delivery('/push', 1), new Delivery('/push', 2)];
    box.add(first);
    box.retain(6);
    // A second connect that was under way with the reply.
    box.acknowledge(5);
    box.add(second);
    expect(box.retain(7)).toEqual([first, second]);
    // The client has seen the reply to its first connect, and not the other one yet.
    box.acknowledge(6);
    expect(box.messages).toEqual([second]);
    expect(box.retain(8)).toEqual([second]);
    box.acknowledge(7);
    expect(box.messages).toEqual([]);
  });
});
