/**
 * Says that whoever has a key is no longer welcome. Plain data, which engines store and send to other nodes; what a key
 * stands for the core does not know.
 */
export interface Revocation {
  readonly key: string;
  /**
   * Milliseconds since the epoch: only those whose credentials were issued up to then are meant. Credentials of unknown
   * age count as old. Absent if all are.
   */
  readonly issuedUpTo?: number;
  /** Milliseconds since the epoch after which nothing it could concern is good any more, so that it may be forgotten. */
  readonly until: number;
}

/** What became of a revocation. An object, so that it may grow. */
export interface RevocationResult {
  /** Sessions that were ended on this node. */
  readonly sessions: number;
}

/** What a principal can be revoked by. */
export interface Revocable {
  readonly keys: readonly string[];
  /** When its credentials were issued, in milliseconds since the epoch; `undefined` if nobody knows. */
  readonly issuedAt: number | undefined;
}

/** Nothing revokes it. */
export const IRREVOCABLE: Revocable = Object.freeze({ keys: [], issuedAt: undefined });

/** Whether one of `revocations` concerns a principal. */
export function isRevoked({ keys, issuedAt }: Revocable, revocations: readonly Revocation[]): boolean {
  return revocations.some(
    ({ key, issuedUpTo }) =>
      keys.includes(key) && (issuedUpTo === undefined || issuedAt === undefined || issuedAt <= issuedUpTo),
  );
}

/** Whether two principals are revoked by the same. */
export function areRevokedAlike(left: Revocable, right: Revocable): boolean {
  return (
    left.issuedAt === right.issuedAt &&
    left.keys.length === right.keys.length &&
    left.keys.every((key, index) => key === right.keys[index])
  );
}
