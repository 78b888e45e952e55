/** A user: an id, or an id within a tenant. Once tenants are configured an id alone is refused. */
export type UserReference = string | { readonly tenant: string; readonly userId: string };

/** A channel by name: in all tenants, or in one of them. */
export type ChannelReference = string | { readonly tenant: string; readonly name: string };

/** Tells which tenant callers mean; where there are tenants, one who does not say so means none. */
export class References {
  readonly #tenants: boolean;

  /** @param tenants whether tenants are configured. */
  constructor(tenants: boolean) {
    this.#tenants = tenants;
  }

  /** @throws TypeError if a tenant is missing. */
  user(user: UserReference | null | undefined): { readonly tenant: string; readonly userId: string } {
    // Callers without types pass what a session or a request gave them, which may be nothing.
    const { tenant, userId } =
      typeof user === 'string' ? { userId: user } : ({ userId: '', ...user } as const);
    return { tenant: this.tenant(tenant, "{ tenant: 'acme', userId: 'alice' }"), userId };
  }

  /** What a channel is settled for; `undefined` for every tenant. */
  channel(channel: ChannelReference): { readonly tenant: string | undefined; readonly name: string } {
    if (typeof channel === 'string') return { tenant: this.#tenants ? undefined : '', name: channel };
    return { ...channel, tenant: this.tenant(channel.tenant, "{ tenant: 'acme', name: '/news' }") };
  }

  /** @throws TypeError if a tenant is missing. */
  tenant(tenant: string | undefined, example: string): string {
    if (typeof tenant === 'string') return tenant;
    if (this.#tenants) {
      throw new TypeError(`There are tenants, and none was named: write for example ${example}.`);
    }
    return '';
  }
}
