import type { Request } from 'express';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly options: object;
}

/** A request with the cookies that a browser sent, and what the answer does to them: all that a login's store sees. */
export class FakeExchange {
  readonly request: Request;
  /** Cookies that the browser is to keep. */
  readonly kept: Cookie[] = [];
  /** Names of cookies that it is to forget. */
  readonly forgotten: string[] = [];

  constructor(private readonly cookies: readonly string[] = []) {
    this.request = {
      headers: { cookie: cookies.join('; ') },
      res: {
        cookie: (name: string, value: string, options: object) => this.kept.push({ name, value, options }),
        clearCookie: (name: string) => this.forgotten.push(name),
      },
    } as unknown as Request;
  }

  /** A later request of the same browser. */
  next(): FakeExchange {
    return new FakeExchange([...this.cookies, ...this.kept.map(({ name, value }) => `${name}=${value}`)]);
  }
}
