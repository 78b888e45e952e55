import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';

/** A whole response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What to ask. */
export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent at once; left out, the caller writes the body itself. */
  readonly body?: string | Buffer;
  readonly connections?: HttpConnections;
}

/** A request under way. */
export interface HttpExchange {
  readonly answer: Promise<HttpAnswer>;
  /** Sends a part of the body. */
  write(chunk: string | Buffer): void;
  /** The body is complete. */
  end(): void;
  /** Cuts the connection, or resets the stream of HTTP/2. */
  abort(): void;
}

/** Origins of servers that are spoken to in HTTP/2. */
const HTTP2_ORIGINS = new Set<string>();

/** Has requests to a server made in HTTP/2 from here on, or in HTTP/1.1 where it has the port of one that was. */
export function speakHttp2To(origin: string, does: boolean): void {
  if (does) HTTP2_ORIGINS.add(origin);
  else HTTP2_ORIGINS.delete(origin);
}

/** The connections of one client: several of HTTP/1.1, or one of HTTP/2. */
export class HttpConnections {
  readonly agent = new Agent({ keepAlive: true });
  #session: ClientHttp2Session | undefined;

  session(origin: string): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect(origin, { rejectUnauthorized: false });
    // Its streams fail as well, and tell their callers.
    session.on('error', () => undefined);
    return (this.#session = session);
  }

  destroy(): void {
    this.agent.destroy();
    this.#session?.destroy();
  }
}

/** Sends a request with nothing added to it and nothing hidden of its response. */
export function ask(url: string, question: HttpQuestion): HttpExchange {
  return HTTP2_ORIGINS.has(new URL(url).origin) ? askHttp2(url, question) : askHttp1(url, question);
}

function askHttp1(url: string, { method = 'POST', headers, body, connections }: HttpQuestion): HttpExchange {
  const agent = connections?.agent;
  const outgoing = request(url, { method, ...(headers && { headers }), ...(agent && { agent }) });
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      });
    });
  });
  // A request that a test cuts off fails as it should, and nobody waits for it.
  answer.catch(() => undefined);
  if (body !== undefined) outgoing.end(body);
  return {
    answer,
    write: (chunk) => outgoing.write(chunk),
    end: () => outgoing.end(),
    abort: () => outgoing.destroy(),
  };
}

function askHttp2(
  url: string,
  { method = 'POST', headers = {}, body, connections }: HttpQuestion,
): HttpExchange {
  const { origin, pathname, search } = new URL(url);
  const own = connections ? undefined : new HttpConnections();
  const session = (connections ?? own)?.session(origin) as ClientHttp2Session;
  const { cookie, ...others } = headers;
  const stream = session.request(
    {
      ':method': method,
      ':path': pathname + search,
      ...others,
      // A field for each cookie, as browsers send them (RFC 9113 §8.2.3).
      ...(typeof cookie === 'string' && { cookie: cookie.split('; ') }),
    },
    { endStream: false },
  );
  const answer = new Promise<HttpAnswer>((resolve, reject) => {
    let status = 0;
    let received: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('error', reject);
    stream.on('response', ({ ':status': code = 0, ...rest }) => {
      status = code;
      received = rest;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (status > 0) resolve({ status, headers: received, text: Buffer.concat(chunks).toString() });
    });
    stream.on('close', () => {
      own?.destroy();
      reject(new Error(`The stream was closed with code ${stream.rstCode}.`));
    });
  });
  answer.catch(() => undefined);
  if (body !== undefined) stream.end(body);
  return {
    answer,
    write: (chunk) => stream.write(chunk),
    end: () => stream.end(),
    abort: () => {
      stream.close(constants.NGHTTP2_CANCEL);
    },
  };
}
