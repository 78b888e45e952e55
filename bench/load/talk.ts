import { now } from '../clock.js';
import { padding, payload } from '../marks.js';
import type { Schedule } from '../processes/work.js';
import type { Crowd } from './crowd.js';

/** Clients that publish: tick after tick the next channel, each by a client of its own. */
export interface Talk {
  readonly channels: readonly string[];
  /** Which client publishes on which channel. */
  readonly speakers: readonly number[];
  readonly burst: number;
  readonly pad: number;
}

/** Has clients publish, at a fixed pace or as fast as they receive. */
export class Talker {
  readonly #crowd: Crowd;
  #talk: Talk = { channels: [], speakers: [], burst: 1, pad: 0 };
  #pad = '';
  #next = 0;

  constructor(crowd: Crowd) {
    this.#crowd = crowd;
  }

  prepare(talk: Talk): void {
    this.#talk = talk;
    this.#pad = padding(talk.pad);
  }

  get next(): number {
    return this.#next;
  }

  /** Resolves when the last batch has been sent. What is late is made up for. */
  run({ first, ticks, interval, start }: Schedule): Promise<void> {
    this.#next = first;
    const end = first + ticks;
    return new Promise((resolve) => {
      const step = (): void => {
        const wait = start + (this.#next - first) * interval - now();
        if (wait > 0) {
          setTimeout(step, Math.ceil(wait / 1e3));
          return;
        }
        this.speak();
        if (this.#next < end) setImmediate(step);
        else resolve();
      };
      step();
    });
  }

  /** Publishes the next batch. */
  speak(): void {
    const { channels, speakers, burst } = this.#talk;
    const tick = this.#next++;
    const stream = tick % channels.length;
    const round = Math.floor(tick / channels.length);
    const data = Array.from({ length: burst }, (_, index) =>
      JSON.stringify(payload(stream, round * burst + index, this.#pad)),
    );
    this.#crowd.publish(speakers[stream] ?? 0, channels[stream] ?? '', data);
  }
}
