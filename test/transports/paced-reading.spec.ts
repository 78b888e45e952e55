import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from '../../src/bayeux/turns.js';
import { PacedReading } from '../../src/transports/paced-reading.js';
import { VirtualClock } from '../bayeux/support/virtual.clock.js';

/** A connection that receives what a test says, and what stands in for `ws`: each byte is a frame. */
class Stage {
  readonly clock = new VirtualClock();
  readonly turns = new Turns(this.clock);
  readonly connection = new Duplex({ read: () => undefined, write: () => undefined });
  readonly reader = { framesRead: 0, paused: false };
  readonly pieces: number[] = [];
  ended = false;

  constructor() {
    this.connection.on('data', this.feed).on('end', () => (this.ended = true));
    new PacedReading(this.connection, this.turns, this.reader);
  }

  readonly feed = (piece: Buffer): void => {
    this.pieces.push(piece.length);
    this.reader.framesRead += piece.length;
    this.onPiece();
  };

  onPiece = (): void => undefined;

  async receive(bytes: number): Promise<void> {
    this.connection.push(Buffer.alloc(bytes));
    await nextTurn();
  }

  async turn(): Promise<void> {
    this.clock.turn();
    await nextTurn();
  }

  get read(): number {
    return this.pieces.reduce((sum, piece) => sum + piece, 0);
  }
}

describe('[L5] T73 reading at a measured pace', () => {
  it('hands on what is small at once, also while others wait', async () => {
    const stage = new Stage();
    stage.turns.next(() => undefined);
    for (let chunk = 0; chunk < 3; chunk++) await stage.receive(1_024);
    expect(stage.pieces).toEqual([1_024, 1_024, 1_024]);
  });

  it('hands on what is large piece by piece, a slice in each turn', async () => {
    const stage = new Stage();
    await stage.receive(3_000);
    expect(stage.pieces).toEqual([1_024]);
    await stage.turn();
    expect(stage.pieces).toEqual([1_024, 1_024]);
    await stage.turn();
    await stage.receive(10);
    expect(stage.pieces).toEqual([1_024, 1_024, 952, 10]);
    expect(stage.turns.busy).toBe(false);
  });

  it('goes on without a pause as long as no frame comes of it', async () => {
    const stage = new Stage();
    stage.onPiece = () => (stage.reader.framesRead = 0) as never;
    await stage.receive(60_000);
    expect(stage.read).toBe(60_000);
  });

  it('waits behind others', async () => {
    const stage = new Stage();
    stage.turns.next(() => undefined);
    await stage.receive(2_000);
    expect(stage.pieces).toEqual([]);
    await stage.turn();
    expect(stage.pieces).toEqual([1_024]);
  });

  it('keeps what comes while it waits, in its order', async () => {
    const stage = new Stage();
    await stage.receive(2_000);
    await stage.receive(7);
    // As `ws` does when it is ready for more.
    stage.connection.resume();
    await nextTurn();
    expect(stage.pieces).toEqual([1_024]);
    await stage.turn();
    expect(stage.pieces).toEqual([1_024, 976, 7]);
  });

  it('stops at a pause, and goes on when it is resumed', async () => {
    const stage = new Stage();
    stage.onPiece = () => {
      stage.reader.paused = true;
      stage.connection.pause();
    };
    await stage.receive(5_000);
    await stage.turn();
    expect(stage.pieces).toEqual([1_024]);
    stage.onPiece = () => undefined;
    stage.reader.paused = false;
    stage.connection.resume();
    await nextTurn();
    while (stage.turns.busy) await stage.turn();
    expect(stage.read).toBe(5_000);
  });

  it('hands on the end after all that came before it', async () => {
    const stage = new Stage();
    stage.connection.push(Buffer.alloc(2_500));
    stage.connection.push(null);
    await nextTurn();
    expect({ read: stage.read, ended: stage.ended }).toEqual({ read: 1_024, ended: false });
    await stage.turn();
    await stage.turn();
    expect({ read: stage.read, ended: stage.ended }).toEqual({ read: 2_500, ended: true });
  });

  it('hands on nothing more once its listener was taken off, and lets the rest run dry', async () => {
    const stage = new Stage();
    stage.onPiece = () => {
      stage.connection.off('data', stage.feed);
    };
    await stage.receive(5_000);
    stage.connection.push(null);
    await nextTurn();
    expect({ pieces: stage.pieces, ended: stage.ended }).toEqual({ pieces: [1_024], ended: true });
  });

  it('does nothing more when the connection has broken', async () => {
    const stage = new Stage();
    await stage.receive(5_000);
    stage.connection.destroy();
    await stage.turn();
    expect({ pieces: stage.pieces, busy: stage.turns.busy }).toEqual({ pieces: [1_024], busy: false });
  });
});
