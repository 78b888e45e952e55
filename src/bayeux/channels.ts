import { type Authorizing, ChannelIndex, type Matched, namesCovering } from './channel-index.js';
import { ChannelSettings } from './channel-settings.js';
import type { Logger } from './ports.js';

export type { Matched } from './channel-index.js';

/** The tenant that something is settled for; `undefined` for all of them. */
export type TenantScope = string | undefined;

const NOTHING: readonly never[] = Object.freeze([]);

/** The channels for which the application has settled something, in one tenant or in all, by name. */
export class Channels {
  readonly #logger: Logger;
  readonly #scopes = new Map<TenantScope, ChannelIndex>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether nothing is settled at all, as in most applications. */
  get empty(): boolean {
    return this.#scopes.size === 0;
  }

  get size(): number {
    let size = 0;
    for (const index of this.#scopes.values()) size += index.size;
    return size;
  }

  /** What is settled for this very name in this very scope. */
  find(scope: TenantScope, name: string): ChannelSettings | undefined {
    return this.#scopes.get(scope)?.find(name);
  }

  /** Whether something that lasts is settled for this very name, in the tenant or in all. */
  settles(tenant: string, name: string): boolean {
    const settings = this.find(tenant, name);
    return (settings !== undefined && !settings.provisional) || this.find(undefined, name) !== undefined;
  }

  /** The settings of a channel, made if there are none. @throws TypeError for a bad template. */
  open(scope: TenantScope, name: string): ChannelSettings {
    const known = this.find(scope, name);
    if (known) return known;
    const settings = new ChannelSettings(scope, name, this.#logger);
    const index = this.#scopes.get(scope) ?? new ChannelIndex();
    index.add(settings);
    this.#scopes.set(scope, index);
    return settings;
  }

  /** Forgets settings. Returns whether they were the ones that hold. */
  remove(settings: ChannelSettings): boolean {
    const { tenant, name } = settings;
    const index = this.#scopes.get(tenant);
    if (index?.find(name) !== settings) return false;
    index.remove(settings);
    if (index.size === 0) this.#scopes.delete(tenant);
    return true;
  }

  /**
   * The settings that concern a channel, the most general first: patterns, templates, its own; of each, those of all
   * tenants first.
   */
  matching(tenant: string, channel: string): readonly Matched[] {
    const indexes = this.#indexesOf(tenant);
    if (indexes.length === 0) return NOTHING;
    const matched: Matched[] = [];
    for (const name of namesCovering(channel)) {
      if (name === channel) for (const index of indexes) index.matchTemplates(channel, matched);
      for (const index of indexes) {
        const named = index.named(name);
        if (named) matched.push(named);
      }
    }
    return matched;
  }

  /**
   * The settings with authorizers that concern a channel or pattern, and of them those that cover all of it: only these
   * can grant it, while any may deny what overlaps with its own.
   */
  authorizing(tenant: string, name: string): readonly Authorizing[] {
    const indexes = this.#indexesOf(tenant);
    return indexes.length === 0 ? NOTHING : indexes.flatMap((index) => index.authorizing(name));
  }

  #indexesOf(tenant: string): readonly ChannelIndex[] {
    const [shared, own] = [this.#scopes.get(undefined), this.#scopes.get(tenant)];
    if (!shared) return own ? [own] : NOTHING;
    return own ? [shared, own] : [shared];
  }
}
