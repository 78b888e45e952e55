import type { Provenance } from './proxy-trust.js';

/** What a request's `Origin` means: none was sent, the server's own, one of the list, or none of these. */
export type OriginVerdict = 'absent' | 'same' | 'listed' | 'foreign';

/**
 * Which pages may talk to the endpoint. Browsers send cookies along from any page and have no same-origin rule for
 * WebSocket, so the server looks at `Origin` itself, before anything else. Origins are compared as a whole.
 */
export class OriginPolicy {
  readonly #listed: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#listed = new Set(origins);
  }

  judge(origin: string | undefined, { secure, host }: Provenance): OriginVerdict {
    if (origin === undefined) return 'absent';
    if (this.#listed.has(origin)) return 'listed';
    // A page of this very server. `null`, the origin of sandboxed frames and files, is nobody's own.
    if (host !== undefined && origin === `${secure ? 'https' : 'http'}://${host}`.toLowerCase())
      return 'same';
    return 'foreign';
  }
}
