import type { BenchCase } from '../cases/case.js';
import { CONTENDERS, isContender } from '../contenders/catalogue.js';
import { isWrong, type Metrics } from '../lab/round.js';
import type { Results } from './results.js';
import type { Spread } from './statistics.js';

/** Above it the load was the limit, not the server. */
const CLIENT_BOUND = 0.8;

const HEAD = [
  'case',
  'contender',
  'server CPU (or memory): median (min–max)',
  '× ours',
  'deliveries/s at saturation',
  'p50 / p99 / p99.9, ms',
  'remarks',
];

/** All that was measured, as one table in Markdown. */
export function markdown(cases: readonly BenchCase[], results: Results): string {
  const { node, machine, pinned, quick } = results.circumstances;
  const rows = cases.flatMap((benchCase) =>
    results.cells(benchCase.id).map((cell) => row(benchCase, cell, results)),
  );
  const pinning = pinned ? 'the server and the load have a processor each' : 'processes are not pinned';
  return [
    `Node ${node}, ${machine}; ${pinning}${quick ? '; quick: one short round, its times mean nothing' : ''}.`,
    '',
    `| ${HEAD.join(' | ')} |`,
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function row({ id, headline }: BenchCase, cell: string, results: Results): string[] {
  const spread = (metric: keyof Metrics): Spread | undefined => results.spread(id, cell, metric);
  const value = spread(headline.metric);
  const ours = results.spread(id, oursIn(cell, id, results), headline.metric);
  return [
    id,
    title(cell),
    value ? `${scaled(value, headline.unit)} ${headline.unit}` : '–',
    value && ours ? (value.median / ours.median).toFixed(2) : '–',
    saturation(spread('saturation'), spread('saturationBusy')),
    latency(spread('p50'), spread('p99'), spread('p999')),
    remarks(id, cell, results),
  ];
}

/** The cell a cell is compared with: ours, on the same transport, in the same variant if there is one. */
function oursIn(cell: string, id: string, results: Results): string {
  const [name = '', variant] = cell.split(', ');
  const ours = name.endsWith('polling') ? 'ours-polling' : 'ours';
  const same = variant === undefined ? ours : `${ours}, ${variant}`;
  return results.cells(id).includes(same) ? same : ours;
}

function title(cell: string): string {
  const [name = '', ...variant] = cell.split(', ');
  return [isContender(name) ? CONTENDERS[name].title : name, ...variant].join(', ');
}

function scaled({ median, min, max }: Spread, unit: string): string {
  const by = unit.startsWith('KiB') ? 1024 : 1;
  const text = (value: number): string => (value / by).toFixed(2);
  return `${text(median)} (${text(min)}–${text(max)})`;
}

function saturation(value: Spread | undefined, busy: Spread | undefined): string {
  if (!value || !busy) return '–';
  const text = Math.round(value.median).toLocaleString('en');
  return busy.median > CLIENT_BOUND ? `> ${text}, client-bound` : text;
}

function latency(...values: (Spread | undefined)[]): string {
  if (values.includes(undefined)) return '–';
  return values.map((value) => value?.median.toFixed(1)).join(' / ');
}

function remarks(id: string, cell: string, results: Results): string {
  const rounds = results.rounds(id, cell);
  const wrong = rounds.filter(isWrong);
  const median = (metric: keyof Metrics): number | undefined => results.spread(id, cell, metric)?.median;
  const busy = median('busy');
  const texts = [
    ...new Set(rounds.flatMap(({ failed }) => failed ?? [])),
    wrong.length > 0 ? `**wrong counts in ${wrong.length} of ${rounds.length} rounds**` : '',
    busy !== undefined && busy > CLIENT_BOUND
      ? `load ${(busy * 100).toFixed(0)} % busy at the fixed load: its times are the load's`
      : '',
    told('handshakes/s', median('handshakes')),
    told('KiB of RSS', median('rssBytes'), 1024),
    told('MiB grown at most', median('growthMiB')),
    told('sessions ended', median('ended')),
  ];
  return texts.filter((text) => text !== '').join('; ');
}

function told(what: string, value: number | undefined, by = 1): string {
  return value === undefined
    ? ''
    : `${(value / by).toLocaleString('en', { maximumFractionDigits: 1 })} ${what}`;
}
