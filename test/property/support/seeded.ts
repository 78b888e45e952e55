import fc from 'fast-check';

/** The seed of all properties; fast-check prints it, and the path to the smallest counterexample, on failure. */
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20_300_101);
/** How many times as often as usual they are tried. */
const TIMES = Number(process.env['PROPERTY_TIMES'] ?? 1);

/** Checks a property with the same inputs in every run, unless `PROPERTY_SEED` says otherwise. */
export function check<Inputs>(property: fc.IAsyncProperty<Inputs>, numRuns: number): Promise<void>;
export function check<Inputs>(property: fc.IProperty<Inputs>, numRuns: number): void;
export function check<Inputs>(property: fc.IRawProperty<Inputs>, numRuns: number): Promise<void> | void {
  return fc.assert(property, { seed: SEED, numRuns: numRuns * TIMES });
}
