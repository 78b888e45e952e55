import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';

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
  readonly agent?: Agent;
}

/** A request under way. */
export interface HttpExchange {
  readonly answer: Promise<HttpAnswer>;
  /** Sends a part of the body. */
  write(chunk: string | Buffer): void;
  /** The body is complete. */
  end(): void;
  /** Cuts the connection. */
  abort(): void;
}

/** Sends a request with nothing added to it and nothing hidden of its response. */
export function ask(url: string, { method = 'POST', headers, body, agent }: HttpQuestion): HttpExchange {
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
