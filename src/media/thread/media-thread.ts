import { FRAME_SAMPLES } from '../../audio/index.ts';
import { type Clock, detach, explain, guarded, type Random, reportDefect } from '../../core/index.ts';
import type { RtpSocket, RtpSockets } from '../../net/index.ts';
import { BEATS, type Command, LATE_BEATS, type Report, type SessionCommand } from '../protocol.ts';
import type { AudioReport } from '../sound.ts';
import { Beat } from './beat.ts';
import { Blocks } from './block-file.ts';
import { BLOCK_FRAMES } from './file-tap.ts';
import type { Files } from './files.ts';
import { type Room, Rooms } from './room.ts';
import { MediaSession, type SessionGround } from './session.ts';
import { StreamBatch } from './stream-batch.ts';

/** What a media thread stands on. */
export interface ThreadGround {
  clock: Clock;
  random: Random;
  sockets: RtpSockets;
  files: Files;
  /** Where it counts its beats, for others to read. */
  figures: Float64Array;
  report: (report: Report) => void;
}

const NOTHING_SEEN: AudioReport = { packetsSent: 0, packetsReceived: 0, packetsLost: 0, jitterMs: 0 };

/** All sessions of one thread on one beat. It knows nothing of threads: it runs wherever it is called. */
export class MediaThread {
  #deps: ThreadGround;
  #shared: SessionGround;
  #rooms = new Rooms();
  #streamed: StreamBatch;
  #sessions = new Map<number, MediaSession>();
  #beat: Beat;

  constructor(deps: ThreadGround) {
    this.#deps = deps;
    const block = BLOCK_FRAMES * FRAME_SAMPLES;
    this.#streamed = new StreamBatch(deps.report);
    this.#shared = {
      ...deps,
      blocks: { 1: new Blocks(block), 2: new Blocks(2 * block) },
      rooms: this.#rooms,
      streamed: this.#streamed,
    };
    this.#beat = new Beat(deps.clock, this.#run);
  }

  start(): void {
    this.#beat.start();
    this.#deps.report({ told: 'ready', sockets: this.#deps.sockets.kind });
  }

  /** Stops the beat. Sessions are to be closed before. */
  end(): void {
    this.#beat.stop();
  }

  /** Never throws: a command that fails ends its own session only. */
  do(command: Command): void {
    guarded('media.command', () => this.#obey(command))();
  }

  #obey(command: Command): void {
    if (command.do === 'open') detach('media.open', this.#open(command));
    else if (command.do === 'close') this.#close(command.session);
    else if (command.do === 'link_room') this.#rooms.link(command.room, command.own, command.others);
    else this.#order(command);
  }

  async #open({ session, host, port, patience }: Extract<Command, { do: 'open' }>): Promise<void> {
    const opened: RtpSocket[] = [];
    try {
      const rtp = await this.#deps.sockets.open(host, port);
      opened.push(rtp);
      const rtcp = await this.#deps.sockets.open(host, port + 1);
      opened.push(rtcp);
      this.#sessions.set(session, new MediaSession(session, { rtp, rtcp }, this.#shared, patience));
      this.#deps.report({ told: 'opened', session });
    } catch (error) {
      for (const socket of opened) guarded('media.open', () => socket.close())();
      const { code = '', message } = error as { code?: string; message: string };
      this.#deps.report({ told: 'refused', session, code, message });
    }
  }

  #order(command: SessionCommand): void {
    const session = this.#sessions.get(command.session);
    try {
      session?.do(command);
    } catch (error) {
      this.#lose(session!, error);
    }
  }

  /** A defect in one session ends that session, and none of the others. */
  #lose({ number }: MediaSession, error: unknown): void {
    reportDefect('media.session', error);
    this.#deps.report({ told: 'lost', session: number, cause: explain(error) });
    this.#close(number);
  }

  #close(number: number): void {
    const session = this.#sessions.get(number);
    if (!session) return;
    this.#sessions.delete(number);
    // Whoever closed it waits for the report, so one is sent even if the session cannot make it.
    detach('media.close', session.close(), () =>
      this.#deps.report({ told: 'closed', session: number, report: NOTHING_SEEN }),
    );
  }

  // In a room all hear before anybody speaks, so that it costs no delay, whoever comes first in it. Who is in none
  // does both at once, while all its memory is at hand.
  #run = (beat: number, stale: boolean, overdue: number): void => {
    this.#deps.figures[BEATS] = this.#beat.count;
    this.#deps.figures[LATE_BEATS] = this.#beat.late;
    this.#each((session) => {
      session.receive(beat, stale, overdue);
      if (!session.room) session.send(beat, stale);
    });
    this.#rooms.mix(this.#loseRoom);
    this.#each((session) => {
      if (session.room) session.send(beat, stale);
    });
    this.#streamed.tell();
  };

  /** A defect in the mixing of a room ends the sessions in it. */
  #loseRoom = (room: Room, error: unknown): void => {
    for (const session of this.#sessions.values()) if (session.room === room) this.#lose(session, error);
  };

  #each(run: (session: MediaSession) => void): void {
    for (const session of this.#sessions.values()) {
      try {
        run(session);
      } catch (error) {
        this.#lose(session, error);
      }
    }
  }
}
