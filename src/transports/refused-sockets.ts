import type { Duplex } from 'node:stream';
import type { Scheduler } from '../bayeux/ports.js';
import type { PendingSockets } from './pending-sockets.js';

/** Milliseconds a peer has to read why it was refused, and to close. */
const LINGER = 1_000;
/** Bytes that are read from a peer meanwhile, and thrown away. */
const MAX_DRAINED = 65_536;
/** Milliseconds that listeners of the application have to take a socket that they were given. */
const TAKEN_WITHIN = 30_000;

/** An answer to an upgrade that stays HTTP. */
export interface Refusal {
  /** Code and reason, as in the status line. */
  readonly status: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Plain text. */
  readonly body?: string;
}

/** Has a socket that fails end itself and nothing else. An error without a listener would end the process. */
export function guardSocket(socket: Duplex): void {
  if (!socket.listeners('error').includes(destroy)) socket.on('error', destroy);
}

/** Takes the guard off a socket that others look after. */
export function unguardSocket(socket: Duplex): void {
  socket.off('error', destroy);
}

/**
 * Answers upgrades that are refused, and sees their sockets to the end. Node has let go of these: nothing reads them,
 * so that nothing would notice a peer that has gone. Each counts among the pending sockets while it lingers.
 */
export class RefusedSockets {
  readonly #scheduler: Scheduler;
  readonly #pending: PendingSockets;
  readonly #lingering = new Set<Duplex>();
  #closed = false;

  constructor(scheduler: Scheduler, pending: PendingSockets) {
    this.#scheduler = scheduler;
    this.#pending = pending;
  }

  /** Answers, drains what the peer sends, and closes when both sides are through or after a second. */
  refuse(socket: Duplex, address: string | undefined, refusal: Refusal): void {
    guardSocket(socket);
    if (socket.destroyed) return;
    if (this.#closed || !this.#pending.hasRoom(address)) {
      socket.end(textOf(refusal));
      // The system has taken a short answer by then, or the peer does not read.
      setImmediate(() => socket.destroy());
      return;
    }
    this.#linger(socket, address);
    socket.end(textOf(refusal));
  }

  /** Ends a socket that others were given, if none of them reads it after a while: it would outlast its peer. */
  refuseUntaken(socket: Duplex, address: string | undefined): void {
    guardSocket(socket);
    const deadline = this.#scheduler.deadline(() => {
      if (!isUnread(socket)) return;
      if (socket.writableEnded) socket.destroy();
      else this.refuse(socket, address, { status: '404 Not Found' });
    });
    deadline.moveTo(this.#scheduler.now() + TAKEN_WITHIN);
    socket.once('close', () => {
      deadline.cancel();
    });
  }

  /** Ends all sockets that linger. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#lingering) socket.destroy();
  }

  #linger(socket: Duplex, address: string | undefined): void {
    this.#lingering.add(socket);
    this.#pending.add(address);
    const deadline = this.#scheduler.deadline(() => socket.destroy());
    deadline.moveTo(this.#scheduler.now() + LINGER);
    socket.once('close', () => {
      deadline.cancel();
      this.#lingering.delete(socket);
      this.#pending.remove(address);
    });
    let left = MAX_DRAINED;
    // Reading also tells when the peer has gone: a socket whose sides are both through destroys itself.
    socket.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) socket.destroy();
    });
  }
}

/** Whether a socket is read by as few as when Node hands it over. */
function isUnread(socket: Duplex): boolean {
  if (socket.destroyed || socket.readableFlowing !== null) return false;
  return socket.listenerCount('readable') === 0 && socket.listenerCount('data') === 0;
}

function textOf({ status, headers = {}, body = '' }: Refusal): string {
  const lines = Object.entries({
    ...headers,
    ...(body !== '' && { 'Content-Type': 'text/plain' }),
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`;
}

function destroy(this: Duplex): void {
  this.destroy();
}
