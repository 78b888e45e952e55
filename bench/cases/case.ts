import type { ContenderName } from '../contenders/catalogue.js';
import type { Metrics, Round } from '../lab/round.js';
import type { StageOptions } from '../lab/stage.js';
import type { Issuer } from '../lab/issuer.js';

/** What a run is like. */
export interface Scale {
  /** Under two minutes in all, for the counts only. */
  readonly quick: boolean;
}

/** What cells have to work with. */
export interface Lab extends StageOptions {
  /** Where access tokens come from; started when first asked for. */
  readonly issuer: () => Promise<Issuer>;
}

/** One contender in one case, or one variant of it. */
export interface Cell {
  readonly contender: ContenderName;
  /** What tells it from other cells of the contender. */
  readonly variant?: string;
  readonly measure: (lab: Lab) => Promise<Round>;
}

/** One kind of work. */
export interface BenchCase {
  readonly id: string;
  readonly title: string;
  /** What the first column of numbers shows; less is better. */
  readonly headline: { readonly metric: keyof Metrics; readonly unit: string };
  readonly inQuick: boolean;
  readonly cells: (scale: Scale) => readonly Cell[];
}

/** The name of a cell within its case. */
export function cellName({ contender, variant }: Cell): string {
  return variant === undefined ? contender : `${contender}, ${variant}`;
}
