const VARIABLE = /^\{(\w+)\}$/;

/** Values of the variables of a template, by name. */
export type ChannelParams = Readonly<Record<string, string>>;

/** A channel of which some segments are variables, as `/rooms/{room}/chat`. For code of the server only. */
export class ChannelTemplate {
  readonly #segments: readonly string[];
  /** The names of the variables, each at the place of its segment. */
  readonly #variables: readonly (string | undefined)[];

  /** @throws TypeError if a name stands twice, or beside other characters or a wildcard. */
  constructor(readonly name: string) {
    this.#segments = name.split('/');
    this.#variables = this.#segments.map((segment) => VARIABLE.exec(segment)?.[1]);
    const names = this.#variables.filter((variable) => variable !== undefined);
    const odd = this.#segments.some((segment) => /[{}]/.test(segment) && !VARIABLE.test(segment));
    if (
      odd ||
      names.length === 0 ||
      new Set(names).size < names.length ||
      this.#segments.some((segment) => segment === '*' || segment === '**')
    ) {
      throw new TypeError(
        `${name} is no template: write variables as whole segments and each once, as in /rooms/{room}/chat.`,
      );
    }
  }

  /** Whether `name` has variables. */
  static is(name: string): boolean {
    return /[{}]/.test(name);
  }

  /** The values of the variables, or `undefined` if the channel is not one of the template. */
  match(channel: string): ChannelParams | undefined {
    const segments = channel.split('/');
    if (segments.length !== this.#segments.length || segments.at(-1) === '**') return undefined;
    if (!this.#agrees(segments, segments.length)) return undefined;
    const params: [string, string][] = [];
    for (const [index, variable] of this.#variables.entries()) {
      if (variable !== undefined) params.push([variable, segments[index] as string]);
    }
    return Object.fromEntries(params);
  }

  /** Whether some channel is one of the template and matched by `subscription`, which may be a pattern. */
  overlaps(subscription: string): boolean {
    const segments = subscription.split('/');
    const deep = segments.at(-1) === '**';
    const long = this.#segments.length - segments.length;
    if (deep ? long < 0 : long !== 0) return false;
    const wildcard = deep || segments.at(-1) === '*';
    return this.#agrees(segments, wildcard ? segments.length - 1 : segments.length);
  }

  #agrees(segments: readonly string[], count: number): boolean {
    for (let index = 0; index < count; index++) {
      if (this.#variables[index] === undefined && segments[index] !== this.#segments[index]) return false;
    }
    return true;
  }
}
