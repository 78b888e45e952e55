import { contains, isPattern, overlaps } from '../bayeux/channel.js';
import { type ChannelParams, ChannelTemplate } from '../bayeux/channel-template.js';

const NO_PARAMS: ChannelParams = Object.freeze({});

/** The channel, pattern or template that a handler is for. */
export class HandlerChannel {
  readonly #template: ChannelTemplate | undefined;

  /** @throws TypeError for a bad template. */
  constructor(readonly name: string) {
    this.#template = ChannelTemplate.is(name) ? new ChannelTemplate(name) : undefined;
  }

  /** The variables, where a channel is one of it. */
  matches(channel: string): ChannelParams | undefined {
    if (this.#template) return this.#template.match(channel);
    return contains(this.name, channel) ? NO_PARAMS : undefined;
  }

  /** The variables, where a subscription brings messages of it. Those that the subscription leaves open are its wildcards. */
  overlaps(subscription: string): ChannelParams | undefined {
    if (!this.#template) return overlaps(this.name, subscription) ? NO_PARAMS : undefined;
    if (!this.#template.overlaps(subscription)) return undefined;
    const segments = subscription.split('/');
    const variables = this.name.split('/').flatMap((segment, index): [string, string][] => {
      const variable = variableOf(segment);
      return variable === undefined ? [] : [[variable, segments[index] ?? '**']];
    });
    return Object.fromEntries(variables);
  }

  /** Sorts the most general first: patterns by their depth, templates, channels. */
  static byGenerality(left: HandlerChannel, right: HandlerChannel): number {
    return left.#rank - right.#rank;
  }

  get #rank(): number {
    const depth = this.name.split('/').length;
    if (this.name.endsWith('/**')) return depth;
    if (isPattern(this.name)) return 1_000 + depth;
    return this.#template ? 2_000 + depth : 3_000 + depth;
  }
}

/** The names of the variables of a template; none of a channel. */
export function variablesOf(name: string): readonly string[] {
  return name.split('/').flatMap((segment) => variableOf(segment) ?? []);
}

function variableOf(segment: string): string | undefined {
  return segment.startsWith('{') ? segment.slice(1, -1) : undefined;
}

/**
 * Whether two templates or channels, each in its segments, have a channel in common, neither of them being the special case
 * of the other.
 */
export function areAmbiguous(lefts: readonly string[], rights: readonly string[]): boolean {
  if (lefts.length !== rights.length) return false;
  let [leftWider, rightWider] = [false, false];
  for (let index = 0; index < lefts.length; index++) {
    const [left, right] = [lefts[index] as string, rights[index] as string];
    const [leftOpen, rightOpen] = [left.startsWith('{'), right.startsWith('{')];
    if (leftOpen && !rightOpen) leftWider = true;
    else if (!leftOpen && rightOpen) rightWider = true;
    else if (!leftOpen && left !== right) return false;
  }
  return leftWider === rightWider;
}

/** Sorts the special cases first. */
export function byVariables(left: string, right: string): number {
  return variablesOf(left).length - variablesOf(right).length;
}
