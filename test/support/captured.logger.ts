import type { LoggerService } from '@nestjs/common';

interface Line {
  readonly level: 'log' | 'debug' | 'warn' | 'error';
  readonly text: string;
}

/** Keeps what the application logs, on every level, and prints nothing. */
export class CapturedLogger implements LoggerService {
  #lines: Line[] = [];

  log(...parts: unknown[]): void {
    this.#keep('log', parts);
  }

  debug(...parts: unknown[]): void {
    this.#keep('debug', parts);
  }

  verbose(...parts: unknown[]): void {
    this.#keep('debug', parts);
  }

  warn(...parts: unknown[]): void {
    this.#keep('warn', parts);
  }

  error(...parts: unknown[]): void {
    this.#keep('error', parts);
  }

  fatal(...parts: unknown[]): void {
    this.#keep('error', parts);
  }

  /** Everything logged so far. */
  get text(): string {
    return this.#lines.map(({ level, text }) => `${level} ${text}`).join('\n');
  }

  /** Takes out the errors; a test that does not expect any leaves this alone and fails if there were some. */
  takeErrors(): string[] {
    const errors = this.#lines.filter(({ level }) => level === 'error').map(({ text }) => text);
    this.#lines = this.#lines.filter(({ level }) => level !== 'error');
    return errors;
  }

  #keep(level: Line['level'], parts: readonly unknown[]): void {
    this.#lines.push({ level, text: parts.map(String).join(' ') });
  }
}
