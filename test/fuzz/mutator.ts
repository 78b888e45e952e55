import type { Random } from '../bayeux/support/random.js';

/** What a mutation may make use of: ids of sessions, its own and those of others. */
export interface Surroundings {
  readonly own: string;
  readonly others: readonly string[];
}

type Fields = Record<string, unknown>;

const CHANNELS = [
  '/fuzz/a',
  '/fuzz/a/b',
  '/fuzz/*',
  '/fuzz/**',
  '/**',
  '/*',
  '/meta/*',
  '/meta/handshake',
  '/meta/connect',
  '/meta/disconnect',
  '/meta/subscribe',
  '/meta/unsubscribe',
  '/meta/unknown',
  '/meta',
  '/service/echo',
  '/service/constructor',
  '/service/none/such',
  '/service',
  '/witness/news',
  '/witness/**',
  '/__proto__/constructor',
  '/fuzz//a',
  '/fuzz/',
  '/',
  '',
  'fuzz',
  '/fuzz/ä',
  '/fuzz/😀',
  '/fuzz/\ud800',
  '/fuzz/\u0000',
  '/fuzz/*/a',
  `/fuzz${'/a'.repeat(40)}`,
  `/fuzz/${'a'.repeat(400)}`,
];

const TEXTS = [
  '',
  ' ',
  'a',
  '\u0000',
  '\ud800',
  '\u2028',
  '😀',
  'ä'.repeat(300),
  '__proto__',
  'null',
  '-1',
  '1.0',
];

const NUMBERS = [0, -1, 1, 0.5, -0, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 53, Number.MIN_VALUE];

const MEMBERS = [
  'channel',
  'id',
  'clientId',
  'data',
  'ext',
  'advice',
  'subscription',
  'connectionType',
  'supportedConnectionTypes',
  'minimumVersion',
  'version',
  'successful',
  'error',
  'timestamp',
  '__proto__',
  'constructor',
  'toJSON',
  'then',
  'length',
];

/** Spoils messages in ways a parser, a validator or a handler might not expect; the same ways for the same seed. */
export class Mutator {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A body or frame made out of good messages, of which at least something is different. */
  body(messages: readonly Fields[], around: Surroundings): Buffer {
    const random = this.#random;
    const batch = random.below(6) === 0 ? this.#mixed(messages, around) : [random.pick(messages)];
    const spoiled = batch.map((message) => this.#message(message, around));
    const value = random.below(8) === 0 && spoiled.length === 1 ? spoiled[0] : spoiled;
    const text = JSON.stringify(value);
    const deep = random.below(40) === 0 ? this.#deepen(text) : text;
    return random.below(4) === 0 ? this.bytes(Buffer.from(deep)) : Buffer.from(deep);
  }

  /** Bytes of which some were flipped, cut, doubled or put in. */
  bytes(input: Buffer): Buffer {
    let bytes = Buffer.from(input);
    for (let times = 1 + this.#random.below(4); times > 0; times--) {
      const at = this.#random.below(bytes.length + 1);
      const length = this.#random.below(12);
      const head = bytes.subarray(0, at);
      switch (this.#random.below(5)) {
        case 0:
          if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << this.#random.below(8));
          break;
        case 1:
          bytes = Buffer.concat([head, bytes.subarray(at + length)]);
          break;
        case 2:
          bytes = Buffer.concat([head, this.#noise(length), bytes.subarray(at)]);
          break;
        case 3:
          bytes = Buffer.concat([head, bytes.subarray(at, at + length), bytes.subarray(at)]);
          break;
        default:
          if (this.#random.below(4) === 0) bytes = Buffer.from(head);
      }
    }
    return bytes;
  }

  /** Any value, wrong more often than not. */
  value(around: Surroundings, depth = 0): unknown {
    const random = this.#random;
    switch (random.below(depth > 3 ? 7 : 10)) {
      case 0:
        return null;
      case 1:
        return random.next() < 0.5;
      case 2:
        return random.pick(NUMBERS);
      case 3:
        return random.pick(TEXTS);
      case 4:
        return random.pick(CHANNELS);
      case 5:
        return random.pick([around.own, ...around.others, 'nobody']);
      case 6:
        return [];
      case 7:
        return Array.from({ length: random.below(4) }, () => this.value(around, depth + 1));
      case 8:
        return { [random.pick(MEMBERS)]: this.value(around, depth + 1) };
      default:
        return Object.fromEntries(
          Array.from({ length: random.below(5) }, () => [
            random.pick(MEMBERS),
            this.value(around, depth + 1),
          ]),
        );
    }
  }

  #mixed(messages: readonly Fields[], around: Surroundings): unknown[] {
    const length = this.#random.below(30) === 0 ? 101 : 2 + this.#random.below(10);
    return Array.from({ length }, () =>
      this.#random.below(6) === 0 ? this.value(around) : this.#random.pick(messages),
    );
  }

  #message(message: unknown, around: Surroundings): unknown {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return message;
    let fields = Object.entries(message);
    for (let times = this.#random.below(4); times > 0; times--) fields = this.#fields(fields, around);
    return Object.fromEntries(fields);
  }

  #fields(fields: [string, unknown][], around: Surroundings): [string, unknown][] {
    const random = this.#random;
    const at = random.below(Math.max(fields.length, 1));
    const [name = 'data', value] = fields[at] ?? [];
    const replaced = (by: unknown): [string, unknown][] => fields.with(at, [name, by]);
    if (fields.length === 0) return [['channel', random.pick(CHANNELS)]];
    switch (random.below(9)) {
      case 0:
        return fields.toSpliced(at, 1);
      case 1:
        return [...fields, [random.pick(MEMBERS), value]];
      case 2:
        return replaced(this.value(around));
      case 3:
        return replaced([value, value]);
      case 4:
        return replaced(typeof value === 'string' ? `${value}${random.pick(TEXTS)}` : String(value));
      case 5:
        return [...fields, ['channel', random.pick(CHANNELS)]];
      case 6:
        return [...fields, ['clientId', random.pick(around.others)]];
      case 7:
        return [...fields, ['ext', this.#ext(around)]];
      default:
        return [...fields, ['advice', { timeout: this.value(around), interval: random.pick(NUMBERS) }]];
    }
  }

  #ext(around: Surroundings): unknown {
    const token = this.value(around);
    return this.#random.pick<unknown>([
      { auth: { token } },
      { auth: token },
      { auth: { token: 'x.y.z' }, authentication: { token } },
      { token, access_token: token },
      { ack: token },
      { ack: this.#random.pick(NUMBERS) },
      token,
    ]);
  }

  #deepen(text: string): string {
    const levels = this.#random.pick([90, 101, 5_000, 30_000]);
    return text.replace(/:/, () => `:${'['.repeat(levels)}${']'.repeat(levels)},"x":`);
  }

  #noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#random.below(256)));
  }
}
