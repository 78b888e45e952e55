/** A response, read to its end. */
export interface HttpPage {
  /** What was asked for. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: object;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MAX_REDIRECTS = 10;

/** As much of a browser as a login takes: cookies of one host, redirects, forms; and it remembers what it was told. */
export class HttpBrowser {
  /** Every response, in order. */
  readonly history: HttpPage[] = [];
  readonly #cookies = new Map<string, Cookie>();

  constructor(readonly origin: string) {}

  /** One request; a redirect is not followed. A body makes it a POST. */
  async ask(to: string | URL, { headers = {}, form, json }: HttpRequest = {}): Promise<HttpPage> {
    const url = new URL(to, this.origin);
    const body = form ? new URLSearchParams(form) : json && JSON.stringify(json);
    const response = await fetch(url, {
      ...(body !== undefined && { method: 'POST', body }),
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: this.#cookieHeader(url),
        ...(json && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    response.headers.getSetCookie().forEach((header) => this.#take(url, header));
    const page = { url, status: response.status, headers: response.headers, text: await response.text() };
    this.history.push(page);
    return page;
  }

  /** Goes where the redirects lead, but stops where `stop` says so, and returns the last redirect. */
  async open(to: string | URL, stop: (url: URL) => boolean = () => false): Promise<HttpPage> {
    return this.#follow(await this.ask(to), stop);
  }

  /** Sends the form of a page. */
  async submit(
    page: HttpPage,
    fields: Readonly<Record<string, string>>,
    stop: (url: URL) => boolean = () => false,
  ): Promise<HttpPage> {
    const action = /<form[^>]* action="([^"]*)"/.exec(page.text)?.[1];
    if (action === undefined) throw new Error(`No form at ${page.url.pathname}: ${page.text}`);
    const hidden = page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
    const form = {
      ...Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value])),
      ...fields,
    };
    return this.#follow(await this.ask(new URL(action, page.url), { form }), stop);
  }

  /** What a signed-in page of the portal sends with its requests. */
  static csrfOf({ text }: HttpPage): string {
    return /<meta name="csrf-token" content="([^"]+)"/.exec(text)?.[1] ?? '';
  }

  /** A request of the portal's own page. */
  async post(path: string, page: HttpPage, json: object = {}): Promise<HttpPage> {
    const headers = {
      accept: 'application/json',
      origin: this.origin,
      'x-csrf-token': HttpBrowser.csrfOf(page),
    };
    return this.ask(path, { headers, json });
  }

  /** The cookies that this browser has, by name. */
  cookies(): Record<string, string> {
    return Object.fromEntries([...this.#cookies.values()].map(({ name, value }) => [name, value]));
  }

  async #follow(page: HttpPage, stop: (url: URL) => boolean): Promise<HttpPage> {
    let at = page;
    for (let step = 0; step < MAX_REDIRECTS; step++) {
      const location = at.headers.get('location');
      if (location === null) return at;
      const next = new URL(location, at.url);
      if (stop(next)) return at;
      at = await this.ask(next);
    }
    throw new Error(`Too many redirects from ${page.url.pathname}`);
  }

  #take(url: URL, header: string): void {
    const [pair = '', ...attributes] = header.split(/; */);
    const [name = ''] = pair.split('=');
    const given = (wanted: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = given('path') ?? '/';
    const over = given('max-age') === '0' || Date.parse(given('expires') ?? '') <= Date.now();
    if (over) this.#cookies.delete(`${name} ${path}`);
    else this.#cookies.set(`${name} ${path}`, { name, value: pair.slice(name.length + 1), path });
  }

  #cookieHeader({ pathname }: URL): string {
    return [...this.#cookies.values()]
      .filter(({ path }) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}
