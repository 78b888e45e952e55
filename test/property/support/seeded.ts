import fc from 'fast-check';

/** The seed of all properties; fast-check prints it, and the path to the smallest counterexample, on failure. */
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20_300_101);

/** Checks a property with the same inputs in every run, unless `PROPERTY_SEED` says otherwise. */
export function check<Inputs>(property: fc.IProperty<Inputs>, numRuns: number): void {
  fc.assert(property, { seed: SEED, numRuns });
}
