import { contains, isPattern, isService, subscriptionsMatching } from './channel.js';
import type { ChannelSettings } from './channel-settings.js';
import { type ChannelParams, ChannelTemplate } from './channel-template.js';

/** Settings that concern a channel, with the values of the variables if they are those of a template. */
export interface Matched {
  readonly settings: ChannelSettings;
  readonly params: ChannelParams;
}

/** Settings with authorizers that concern a channel or pattern, and whether they cover all of it. */
export interface Authorizing {
  readonly settings: ChannelSettings;
  readonly covers: boolean;
}

const NO_PARAMS: ChannelParams = Object.freeze({});

/**
 * Settings by name. What concerns a channel is found by look-ups by the depth of the channel, and what lies within a
 * pattern below its beginning, so that it does not matter how many channels there are elsewhere. Only templates are
 * walked over.
 */
export class ChannelIndex {
  readonly #byName = new Map<string, ChannelSettings>();
  readonly #templates = new Map<ChannelSettings, ChannelTemplate>();
  /** Settings that are no templates, by each beginning of their names that ends in a slash. */
  readonly #below = new Map<string, Set<ChannelSettings>>();

  get size(): number {
    return this.#byName.size;
  }

  find(name: string): ChannelSettings | undefined {
    return this.#byName.get(name);
  }

  /** @throws TypeError for a bad template. */
  add(settings: ChannelSettings): void {
    const { name } = settings;
    if (ChannelTemplate.is(name)) {
      this.#templates.set(settings, new ChannelTemplate(name));
    } else {
      for (const beginning of beginningsOf(name)) {
        const below = this.#below.get(beginning);
        if (below) below.add(settings);
        else this.#below.set(beginning, new Set([settings]));
      }
    }
    this.#byName.set(name, settings);
  }

  remove(settings: ChannelSettings): void {
    const { name } = settings;
    this.#byName.delete(name);
    if (this.#templates.delete(settings)) return;
    for (const beginning of beginningsOf(name)) {
      const below = this.#below.get(beginning);
      below?.delete(settings);
      if (below?.size === 0) this.#below.delete(beginning);
    }
  }

  /** The settings of this very name. */
  named(name: string): Matched | undefined {
    const settings = this.#byName.get(name);
    return settings && { settings, params: NO_PARAMS };
  }

  /** Adds the templates that a channel is one of. */
  matchTemplates(channel: string, matched: Matched[]): void {
    for (const [settings, template] of this.#templates) {
      const params = template.match(channel);
      if (params) matched.push({ settings, params });
    }
  }

  /** What authorizes a channel or pattern. What goes to services reaches no subscriber. */
  authorizing(name: string): Authorizing[] {
    const concerned: Authorizing[] = [];
    const add = (settings: ChannelSettings, covers: boolean): void => {
      if (settings.authorizers.size === 0 || (isService(settings.name) && !isService(name))) return;
      concerned.push({ settings, covers });
    };
    for (const outer of namesCovering(name)) {
      const settings = this.#byName.get(outer);
      if (settings) add(settings, true);
    }
    for (const [settings, template] of this.#templates) {
      if (template.overlaps(name)) add(settings, template.match(name) !== undefined);
    }
    if (isPattern(name)) {
      for (const settings of this.#below.get(name.slice(0, name.lastIndexOf('/') + 1)) ?? []) {
        if (settings.name !== name && contains(name, settings.name)) add(settings, false);
      }
    }
    return concerned;
  }
}

/** Channels and patterns that match a channel, or all that a pattern matches; the most general first. */
export function namesCovering(name: string): Iterable<string> {
  const names = subscriptionsMatching(name);
  return isPattern(name) ? new Set(names.filter((other) => contains(other, name))) : names;
}

/** `/a/b/c` begins with `/`, `/a/` and `/a/b/`. */
export function* beginningsOf(name: string): Iterable<string> {
  for (let slash = 0; slash >= 0; slash = name.indexOf('/', slash + 1)) yield name.slice(0, slash + 1);
}
