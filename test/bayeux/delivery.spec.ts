import { Delivery, serialise } from '../../src/bayeux/delivery.js';
import { Random } from './support/random.js';

describe('Delivery', () => {
  it('has a channel and data, and nothing else', () => {
    expect(JSON.parse(new Delivery('/a', { text: 'hello' }).text)).toEqual({
      channel: '/a',
      data: { text: 'hello' },
    });
  });

  it('keeps null, which is data', () => {
    expect(new Delivery('/a', null).text).toBe('{"channel":"/a","data":null}');
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a big integer', 1n],
  ])('refuses %s', (_, data) => {
    expect(() => new Delivery('/a', data)).toThrow(TypeError);
    expect(() => serialise(data)).toThrow(TypeError);
  });

  it('refuses data that contains itself', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => new Delivery('/a', circle)).toThrow(TypeError);
  });

  it.each([
    '',
    'plain',
    'ä',
    '߿',
    'ࠀ',
    '￿',
    '😀',
    'a😀b',
    '\ud800',
    'x\udc00',
    '\udc00\ud800',
    '\u0000',
    '\u2028',
  ])('knows how many bytes %j takes in UTF-8', (data) => {
    const delivery = new Delivery('/a', data);
    expect(delivery.bytes).toBe(Buffer.byteLength(delivery.text));
  });

  it('knows it for any text', () => {
    const random = new Random(41);
    const ranges = [
      [0, 0x80],
      [0x80, 0x800],
      [0x800, 0xd800],
      [0xd800, 0xe000],
      [0xe000, 0x1_0000],
      [0x1_0000, 0x11_0000],
    ] as const;
    for (let step = 0; step < 3_000; step++) {
      const data = Array.from({ length: random.below(20) }, () => {
        const [low, high] = random.pick(ranges);
        return String.fromCodePoint(low + random.below(high - low));
      }).join('');
      const delivery = new Delivery('/a', { [data]: data });
      expect(delivery.bytes).toBe(Buffer.byteLength(delivery.text));
    }
  });
});

describe('a delivery as an application sees it', () => {
  it('is logged and forwarded as the message it is', () => {
    const delivery = new Delivery('/a', 1, { ext: { n: 1 }, timestamp: '2030-01-01T00:00:00.000Z' });
    expect(JSON.parse(JSON.stringify(delivery))).toEqual(JSON.parse(delivery.text));
    expect(JSON.parse(JSON.stringify(new Delivery('/a', null)))).toEqual({ channel: '/a', data: null });
  });
});
