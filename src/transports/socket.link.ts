import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { encodeFrames } from '../bayeux/delivery.js';
import type { Deadline, Link, LinkEnd, Outbound, Receipt, Scheduler } from '../bayeux/ports.js';
import type { PendingSockets } from './pending-sockets.js';
import { type RunCache, runLength } from './run-cache.js';
import { textFrame } from './text-frame.js';
import type { TransportOptions } from './transport-options.js';

/** Close codes, after RFC 6455 §7.4 and its private range. */
export const CloseCodes = {
  /** The session of the socket has ended, and the client has not begun another. */
  normal: 1000,
  /** The server is going away. */
  goingAway: 1001,
  /** A binary frame: Bayeux is text. */
  unsupportedData: 1003,
  /** Not JSON. */
  invalidPayload: 1007,
  /** A too deep array, no handshake in time, or a refused one. */
  policyViolation: 1008,
  /** Too many bytes in one frame. */
  tooBig: 1009,
  /** The server cannot serve this client now, or the client does not read. */
  tryAgainLater: 1013,
  /** The token of the upgrade has expired: come back with a newer one. */
  tokenExpired: 4401,
  /** Another connection speaks for the session now. */
  superseded: 4409,
} as const;

const CODE_OF: Record<LinkEnd, readonly [code: number, reason: string]> = {
  superseded: [CloseCodes.superseded, 'session continues on another connection'],
  overflow: [CloseCodes.tryAgainLater, 'queue is full'],
  shutdown: [CloseCodes.goingAway, 'server is going away'],
  unavailable: [CloseCodes.tryAgainLater, 'try again later'],
  limited: [CloseCodes.tryAgainLater, 'too many attempts'],
  expired: [CloseCodes.tokenExpired, 'the token of the upgrade has expired'],
};

/** A client that was told to stop has this many milliseconds to read it, or to begin anew. */
const STOPPED_LINGER = 1_000;
/** Milliseconds for which nothing is read from a client that has sent too much. */
const LONGEST_REST = 5_000;
/** Milliseconds a peer has to answer a close frame. */
const CLOSE_TIMEOUT = 2_000;

/**
 * One WebSocket. While its peer does not read, nothing is read from it either.
 *
 * Frames are made here and written to the connection that was handed to `ws`, which reads, answers pings and closes. So a
 * frame is made once for all who receive it, and leaves with one write instead of two. Only a socket that compresses
 * leaves frames to `ws`, which may have others under way still.
 */
export class SocketLink implements Link {
  readonly transport = 'websocket';
  readonly once = false;
  sessionId: string | undefined;
  bearsToken = false;
  readonly #socket: WebSocket;
  /** The connection under the WebSocket. */
  readonly #connection: Duplex;
  readonly #scheduler: Scheduler;
  readonly #options: TransportOptions;
  readonly #runs: RunCache;
  readonly #compresses: boolean;
  /** Ends a socket that has no session, or that does not close. There is none while nothing of the kind can happen. */
  #deadline: Deadline | undefined;
  /** When the peer has said something last. */
  #heardAt: number;
  /** One for each write that has not been through yet. */
  #receipts: (Receipt | undefined)[] | undefined;
  /** Whether it ever had a session. */
  #served = false;
  /** Its client was told to stop, and has a moment left. */
  #stopping = false;
  /** Where it is counted until it has a session. */
  #pending: PendingSockets | undefined;
  readonly #address: string | undefined;
  #closing = false;
  #frames = 0;
  /** Frames that have come; those that are under way are counted apart. */
  framesRead = 0;
  /** Until when nothing is read, as too much has come. */
  #restUntil = 0;
  /** There is none while nothing of the kind has happened. */
  #rest: Deadline | undefined;

  constructor(
    socket: WebSocket,
    connection: Duplex,
    scheduler: Scheduler,
    options: TransportOptions,
    runs: RunCache,
    pending: PendingSockets,
    address: string | undefined,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#scheduler = scheduler;
    this.#options = options;
    this.#runs = runs;
    this.#compresses = socket.extensions !== '';
    this.#heardAt = scheduler.now();
    this.#pending = pending;
    this.#address = address;
    pending.add(address);
    this.bound(undefined);
  }

  get closed(): boolean {
    return this.#socket.readyState === this.#socket.CLOSED;
  }

  #endAt(time: number): void {
    this.#deadline ??= this.#scheduler.deadline(() => {
      if (this.#closing) this.#socket.terminate();
      else if (this.sessionId !== undefined && !this.#stopping) this.#idle();
      else if (this.#served) this.close(CloseCodes.normal, 'session has ended');
      else this.close(CloseCodes.policyViolation, 'no session');
    });
    this.#deadline.moveTo(time);
  }

  /** Most sockets are idle and have a session, so that they need no deadline of their own. */
  #stay(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  get congested(): boolean {
    // A peer that has said good-bye reads nothing any more, though its connection may stay for a while.
    return this.#socket.readyState !== this.#socket.OPEN || this.#clogged;
  }

  /** True once the server has begun to close the socket: what still comes is not looked at. */
  get closing(): boolean {
    return this.#closing;
  }

  get #clogged(): boolean {
    // Only frames that are compressed wait anywhere but in the connection.
    const buffered = this.#compresses ? this.#socket.bufferedAmount : this.#connection.writableLength;
    return buffered > this.#options.maxBufferedBytes;
  }

  /** Whether it has had a session. */
  get served(): boolean {
    return this.#served;
  }

  /** True while its peer has sent more than it may. */
  get resting(): boolean {
    return this.#rest?.due !== undefined;
  }

  /** Whether nothing is read from the peer at present. */
  get paused(): boolean {
    return this.#socket.isPaused;
  }

  /** True while nothing more should be read: the peer has sent too much, or is owed too much. */
  get #overtaxed(): boolean {
    // A closing socket is read on, or it would never see the peer's close frame.
    return !this.#closing && (this.resting || this.#clogged || this.#frames >= MAX_FRAMES_UNDER_WAY);
  }

  bound(sessionId: string | undefined): void {
    if (this.#closing || (this.#stopping && sessionId === undefined)) return;
    if (sessionId !== undefined) {
      this.#stopping = false;
      this.#served = true;
      this.#leavePending();
    }
    const { handshakeTimeout, webSocket } = this.#options;
    const patience = sessionId === undefined ? handshakeTimeout : webSocket.idleTimeout;
    if (patience > 0) this.#endAt(this.#scheduler.now() + patience);
    else this.#stay();
  }

  /** Looked at now and then only: moving a deadline with every frame would cost more than it is worth. */
  #idle(): void {
    const end = this.#heardAt + this.#options.webSocket.idleTimeout;
    if (end > this.#scheduler.now()) this.#endAt(end);
    else this.close(CloseCodes.normal, 'silent for too long');
  }

  stopped(why?: 'revoked' | 'refused'): void {
    // The first second counts: refusals that are asked for again and again keep no socket open.
    if (this.#closing || this.#stopping) return;
    this.#stopping = true;
    // It is closed like one that never was let in.
    if (why !== undefined) this.#served = false;
    this.#endAt(this.#scheduler.now() + STOPPED_LINGER);
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    if (this.#writeRun(messages, receipt)) return;
    const { messagesPerFrame, frameBytes } = this.#options.webSocket;
    const frames = encodeFrames(messages, messagesPerFrame, frameBytes);
    if (frames.length === 0) receipt?.settled(true);
    // The last frame has left only after the others.
    for (let index = 0; index < frames.length; index++) {
      const text = frames[index] as string;
      const last = index === frames.length - 1 ? receipt : undefined;
      if (this.#compresses) this.#compress(text, last);
      else this.#send(textFrame(text, Buffer.byteLength(text)), last);
    }
  }

  /** @returns false if it is not one frame, or not one that others get as well. */
  #writeRun(messages: readonly Outbound[], receipt: Receipt | undefined): boolean {
    const { messagesPerFrame, frameBytes } = this.#options.webSocket;
    const count = messages.length;
    if (this.#compresses || count === 0 || count > messagesPerFrame) return false;
    if (runLength(messages) < count) return false;
    const run = this.#runs.of(messages, count);
    const bytes = run.bytes + 2;
    if (count > 1 && bytes > frameBytes) return false;
    this.#send((run.frame ??= textFrame(`[${run.text}]`, bytes)), receipt);
    return true;
  }

  #send(frame: Buffer, receipt: Receipt | undefined): void {
    // After the close frame there are no others (RFC 6455 §5.5.1). What is owed is given back once it has closed.
    if (this.#socket.readyState !== this.#socket.OPEN) {
      if (this.closed) receipt?.settled(false);
      else (this.#receipts ??= []).push(receipt);
      return;
    }
    const connection = this.#connection;
    connection.write(frame);
    // Mostly the system takes it at once: then there is nothing to wait for.
    if (connection.writableLength === 0 && !this.#receipts?.length && !connection.destroyed) {
      receipt?.settled(true);
      return;
    }
    // Called when all ahead of it is through; a callback for every frame would cost a tick for every frame.
    (this.#receipts ??= []).push(receipt);
    connection.write(NOTHING, (error) => {
      this.#sent(error);
    });
    if (this.#overtaxed) this.#socket.pause();
  }

  #compress(text: string, receipt: Receipt | undefined): void {
    (this.#receipts ??= []).push(receipt);
    this.#socket.send(text, (error) => {
      this.#sent(error);
    });
    if (this.#overtaxed) this.#socket.pause();
  }

  end(why: LinkEnd): void {
    this.close(...CODE_OF[why]);
  }

  /** Closes after what was written; a peer that does not answer is cut off. */
  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#rest?.cancel();
    this.#socket.close(code, reason);
    // A paused socket would never see the peer's close frame.
    this.#socket.resume();
    this.#endAt(this.#scheduler.now() + CLOSE_TIMEOUT);
  }

  /** Nothing is read for so long in addition, but not for long: a peer that goes meanwhile must not stay unnoticed. */
  slowDown(milliseconds: number): void {
    if (this.#closing) return;
    const now = this.#scheduler.now();
    this.#restUntil = Math.min(Math.max(this.#restUntil, now) + milliseconds, now + LONGEST_REST);
    this.#rest ??= this.#scheduler.deadline(() => {
      this.#resume();
    });
    this.#rest.moveTo(this.#restUntil);
    this.#socket.pause();
  }

  /** A frame is being handled. */
  frameBegun(): void {
    this.#frames++;
    this.framesRead++;
    this.#heardAt = this.#scheduler.now();
    if (this.#overtaxed) this.#socket.pause();
  }

  /** A ping has been answered, which `ws` does. A peer that does not read the answers is not read either. */
  pinged(): void {
    if (this.#closing || !this.#clogged) return;
    this.#socket.pause();
    this.#connection.write(NOTHING, () => {
      this.#resume();
    });
  }

  /** A frame has been answered. */
  frameDone(): void {
    this.#frames--;
    this.#resume();
  }

  /** The socket has closed: what was not sent will never be. */
  gone(): void {
    this.#closing = true;
    this.#rest?.cancel();
    this.#stay();
    this.#leavePending();
    for (const receipt of this.#receipts?.splice(0) ?? []) receipt?.settled(false);
  }

  #sent(error?: Error | null): void {
    // Node reports success also for what was being written when the connection was destroyed.
    this.#receipts?.shift()?.settled(!error && !this.#connection.destroyed);
    this.#resume();
  }

  #leavePending(): void {
    this.#pending?.remove(this.#address);
    this.#pending = undefined;
  }

  #resume(): void {
    if (this.#socket.isPaused && !this.#overtaxed) this.#socket.resume();
  }
}

const NOTHING = Buffer.alloc(0);

/** Frames of one socket that may be under way at once. */
const MAX_FRAMES_UNDER_WAY = 32;
