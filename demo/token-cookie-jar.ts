interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** As much of a cookie jar as one host needs: names, values, paths, removal. */
export class CookieJar {
  private readonly cookies = new Map<string, Cookie>();

  take(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/; */);
      const separator = pair.indexOf('=');
      const name = pair.slice(0, separator);
      const path = attribute(attributes, 'path') ?? url.pathname;
      const expires = attribute(attributes, 'expires');
      const key = `${name};${path}`;
      if (expires && Date.parse(expires) <= Date.now()) this.cookies.delete(key);
      else this.cookies.set(key, { value: pair.slice(separator + 1), path });
    }
  }

  header(url: URL): string {
    return [...this.cookies]
      .filter(([, { path }]) => isWithin(url.pathname, path))
      .map(([key, { value }]) => `${key.slice(0, key.indexOf(';'))}=${value}`)
      .join('; ');
  }
}

const attribute = (attributes: readonly string[], name: string): string | undefined =>
  attributes.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);

const isWithin = (pathname: string, path: string): boolean =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
