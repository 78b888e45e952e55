import { CometLogger } from './nest.logger.js';

/** Characters of the details of one failure, as JSON. */
const MAX_DETAILS = 16_384;
const MAX_DEPTH = 16;

const logger = new CometLogger();

/**
 * What is said of a failure besides its error, as plain JSON. Errors of class-validator lose the object they are about,
 * and other errors everything: they may tell how the server works. What JSON cannot express, or is too long, is left out.
 */
export function plainDetails(details: unknown): unknown {
  if (details === undefined) return undefined;
  try {
    const plain = plainOf(details, 0);
    const json = JSON.stringify(plain) as string | undefined;
    if (json === undefined) return undefined;
    if (json.length <= MAX_DETAILS) return JSON.parse(json) as unknown;
    logger.warn(
      `Details of an error have ${json.length} characters, and are left out: ${MAX_DETAILS} is the most.`,
    );
  } catch {
    logger.warn('Details of an error cannot be expressed in JSON, and are left out.');
  }
  return undefined;
}

function plainOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH || value instanceof Error) return undefined;
  if (Array.isArray(value)) return value.map((entry: unknown) => plainOf(entry, depth + 1) ?? null);
  if (isValidationError(value)) {
    const { property, constraints, contexts, children } = value;
    return plainMembers({ property, constraints, contexts, ...(children?.length && { children }) }, depth);
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
  return plainMembers(value, depth);
}

function plainMembers(value: object, depth: number): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, plainOf(member, depth + 1)]),
  );
}

interface ValidationErrorLike {
  readonly property: string;
  readonly constraints?: object;
  readonly contexts?: object;
  readonly children?: readonly unknown[];
}

/** By its looks: the application may have another copy of class-validator. */
function isValidationError(value: object): value is ValidationErrorLike {
  const { property, constraints, children } = value as Record<string, unknown>;
  return (
    typeof property === 'string' &&
    (Array.isArray(children) || (typeof constraints === 'object' && constraints !== null)) &&
    ('target' in value || 'constraints' in value || 'children' in value)
  );
}
