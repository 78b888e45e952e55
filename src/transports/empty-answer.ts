import type { IncomingMessage, ServerResponse } from 'node:http';

/** Answers with a status and nothing else. What the client may still be sending is thrown away. */
export function answerEmpty(request: IncomingMessage, response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 }).end();
  request.resume();
}
