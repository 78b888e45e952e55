import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerHeaders } from './request-scope.js';

/** Answers with a status and nothing else. What the client may still be sending is thrown away. */
export function answerEmpty(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: AnswerHeaders,
): void {
  response.writeHead(status, [...headers, 'Content-Length', 0]).end();
  request.resume();
}
