import { contains, isPattern, isService, overlaps, subscriptionsMatching } from './channel.js';
import { type ChannelParams, ChannelTemplate } from './channel-template.js';
import { ChannelSettings } from './channel-settings.js';
import type { Logger } from './ports.js';

/** Settings that concern a channel, with the values of the variables if they are those of a template. */
export interface Matched {
  readonly settings: ChannelSettings;
  readonly params: ChannelParams;
}

const NO_PARAMS: ChannelParams = Object.freeze({});
const NOTHING: readonly Matched[] = Object.freeze([]);

/** The channels for which the application has settled something, by tenant and name. */
export class Channels {
  readonly #logger: Logger;
  readonly #tenants = new Map<string, Map<string, ChannelSettings>>();
  readonly #templates = new Map<ChannelSettings, ChannelTemplate>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether nothing is settled at all, as in most applications. */
  get empty(): boolean {
    return this.#tenants.size === 0;
  }

  get size(): number {
    let size = 0;
    for (const index of this.#tenants.values()) size += index.size;
    return size;
  }

  find(tenant: string, name: string): ChannelSettings | undefined {
    return this.#tenants.get(tenant)?.get(name);
  }

  /** The settings of a channel, made if there are none. @throws TypeError for a bad template. */
  open(tenant: string, name: string): ChannelSettings {
    const known = this.find(tenant, name);
    if (known) return known;
    const template = ChannelTemplate.is(name) ? new ChannelTemplate(name) : undefined;
    const settings = new ChannelSettings(tenant, name, this.#logger);
    let index = this.#tenants.get(tenant);
    if (!index) this.#tenants.set(tenant, (index = new Map<string, ChannelSettings>()));
    index.set(name, settings);
    if (template) this.#templates.set(settings, template);
    return settings;
  }

  /** Forgets settings. Returns whether they were the ones that hold. */
  remove(settings: ChannelSettings): boolean {
    const { tenant, name } = settings;
    if (this.find(tenant, name) !== settings) return false;
    const index = this.#tenants.get(tenant);
    index?.delete(name);
    if (index?.size === 0) this.#tenants.delete(tenant);
    this.#templates.delete(settings);
    return true;
  }

  /** The settings that concern a channel, the most general first: patterns, templates, its own. */
  matching(tenant: string, channel: string): readonly Matched[] {
    const index = this.#tenants.get(tenant);
    if (!index) return NOTHING;
    const matched: Matched[] = [];
    for (const name of namesCovering(channel)) {
      if (name === channel) this.#matchTemplates(tenant, channel, matched);
      const settings = index.get(name);
      if (settings) matched.push({ settings, params: NO_PARAMS });
    }
    return matched;
  }

  /**
   * The settings with authorizers that concern a channel or pattern, and of them those that cover all of it: only these
   * can grant it, while any may deny what overlaps with its own.
   */
  authorizing(
    tenant: string,
    name: string,
  ): { readonly settings: ChannelSettings; readonly covers: boolean }[] {
    const concerned = [];
    for (const settings of this.#tenants.get(tenant)?.values() ?? []) {
      if (settings.authorizers.size === 0) continue;
      // What goes to services reaches no subscriber.
      if (isService(settings.name) && !isService(name)) continue;
      const template = this.#templates.get(settings);
      if (template) {
        if (template.overlaps(name)) concerned.push({ settings, covers: template.match(name) !== undefined });
      } else if (overlaps(settings.name, name)) {
        concerned.push({ settings, covers: contains(settings.name, name) });
      }
    }
    return concerned;
  }

  #matchTemplates(tenant: string, channel: string, matched: Matched[]): void {
    for (const [settings, template] of this.#templates) {
      const params = settings.tenant === tenant ? template.match(channel) : undefined;
      if (params) matched.push({ settings, params });
    }
  }
}

/** Channels and patterns that match a channel, or all that a pattern matches; the most general first. */
function namesCovering(name: string): Iterable<string> {
  const names = subscriptionsMatching(name);
  return isPattern(name) ? new Set(names.filter((other) => contains(other, name))) : names;
}
