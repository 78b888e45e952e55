import type { LoggerService } from '@nestjs/common';
import type { Incidents } from '../control.js';

/** More would only repeat the first ones. */
const KEPT = 50;

/** The log of the application, and whatever else tells that something went wrong in this process. */
export class IncidentLog implements LoggerService {
  readonly #problems: string[] = [];
  #warnings = 0;

  /** Must be called once; a process that dies of an exception could not tell what it was. */
  watchProcess(): void {
    process.on('unhandledRejection', (reason) => {
      this.#keep('unhandled rejection', [reason]);
    });
    process.on('uncaughtException', (error) => {
      this.#keep('uncaught exception', [error]);
    });
    process.on('warning', (warning) => {
      this.#keep('process warning', [warning]);
    });
  }

  get incidents(): Incidents {
    return { problems: [...this.#problems], warnings: this.#warnings };
  }

  log(): void {
    // Says what goes well.
  }

  warn(): void {
    this.#warnings++;
  }

  error(...parts: unknown[]): void {
    this.#keep('logged error', parts);
  }

  fatal(...parts: unknown[]): void {
    this.#keep('logged error', parts);
  }

  #keep(what: string, parts: readonly unknown[]): void {
    const text = parts
      .map((part) => (part instanceof Error ? (part.stack ?? part.message) : String(part)))
      .join(' ');
    if (this.#problems.length < KEPT) this.#problems.push(`${what}: ${text}`);
  }
}
