import { parseArgs } from 'node:util';

/** What a run is asked for. */
export interface SoakOptions {
  readonly clients: number;
  readonly minutes: number;
  readonly seed: number;
  /** Seconds between two measurements. */
  readonly sample: number;
  /** Where the result goes, as JSON. */
  readonly out: string;
}

/** Reads the command line. @throws Error that says what is wrong with it. */
export function readOptions(args: string[]): SoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      clients: { type: 'string', default: '2000' },
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      sample: { type: 'string', default: '15' },
      out: { type: 'string', default: 'soak-result.json' },
    },
  });
  return {
    clients: positive('clients', values.clients),
    minutes: positive('minutes', values.minutes),
    seed: positive('seed', values.seed),
    sample: positive('sample', values.sample),
    out: values.out,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} has to be a number above 0, not ${text}.`);
  return value;
}
