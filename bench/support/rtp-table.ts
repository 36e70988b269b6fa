/** How many streams a table has room for. */
export const STREAMS = 4096;

/** The RTP streams of all phones of a process, in memory that its threads share. Each field has one writer. */
export class RtpTable {
  readonly memory: SharedArrayBuffer;
  /** Set by the owner: the socket of a stream, or −1. */
  readonly socket: Int32Array;
  /** Set by the owner: 1 while the phone talks. */
  readonly talking: Int32Array;
  /** Counted by the sender. */
  readonly sent: Int32Array;
  /** Counted by the reader, without RTCP. */
  readonly received: Int32Array;
  /** Counted by the reader: gaps in the sequence numbers, minus late arrivals. */
  readonly lost: Int32Array;
  /** When the last packet was sent, in milliseconds of `monotonicMs`. */
  readonly lastSentAt: Float64Array;
  /** Its only field is 1 when the threads are to end. */
  readonly ended: Int32Array;

  constructor(memory = new SharedArrayBuffer(STREAMS * 28 + 4)) {
    const column = (n: number) => new Int32Array(memory, STREAMS * (8 + 4 * n), STREAMS);
    this.memory = memory;
    this.lastSentAt = new Float64Array(memory, 0, STREAMS);
    this.socket = column(0);
    this.talking = column(1);
    this.sent = column(2);
    this.received = column(3);
    this.lost = column(4);
    this.ended = new Int32Array(memory, STREAMS * 28, 1);
  }
}

/** Milliseconds of a clock that all threads and processes of a machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
