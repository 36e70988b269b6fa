/**
 * The messages between the main thread and a media thread. They call objects that live on the media thread, and return
 * answers and events. All are plain data, and samples are in shared memory. The main thread numbers the objects and the
 * calls, and uses no number twice on one thread.
 */

/** To a media thread. Messages take effect in their order, between two beats. */
export type ToThread =
  | CallMessage
  /** The caller has aborted a call: its answer is ignored. */
  | { type: 'abort'; call: number }
  /** Starts or stops the forwarding of an event. */
  | { type: 'listen'; id: number; name: string; on: boolean }
  /** The next item of the async iterable in the arguments of a call. */
  | { type: 'item'; call: number; value: unknown }
  /** The iterable has ended, or failed. */
  | { type: 'items_end'; call: number; failed: boolean };

/** Calls a method of an object. */
export interface CallMessage {
  type: 'call';
  /** The object; `THREAD_ID` is the thread itself. */
  id: number;
  /** Names the answer. 0: no answer is expected. */
  call: number;
  name: string;
  args: unknown[];
  /** The argument that is an async iterable, by position: the thread asks for its items one at a time. */
  items?: number;
  /** The argument that is an AbortSignal, by position. */
  signal?: number;
  /** The number of the object that the method opens. */
  opens?: number;
}

/** From a media thread. */
export type FromThread =
  /** The thread runs; `sockets` names the kind of its RTP sockets. */
  | { type: 'ready'; sockets: string }
  | AnswerMessage
  | { type: 'event'; id: number; name: string; value: unknown }
  /** Asks for the next item of the async iterable in the arguments of a call. */
  | { type: 'next'; id: number; call: number }
  /** One frame of every stream of the thread: the numbers of the streams, and `STREAM_FRAME_BYTES` for each. */
  | { type: 'frames'; streams: Float64Array<ArrayBuffer>; audio: Uint8Array<ArrayBuffer> }
  /** An error that escaped the code that should have handled it. */
  | { type: 'defect'; origin: string; cause: string }
  /** A line for the log. */
  | { type: 'note'; fields: object; message: string };

/** The answer to a call: its result, or why it failed. */
export type AnswerMessage = { type: 'answer'; id: number; call: number } & (
  | { ok: unknown }
  | { error: { code: string; message: string } }
);

/** The object that opens sounds on a thread. */
export const THREAD_ID = 0;
/** Octets of one frame of a stream: 20 ms of mu-law of the inbound track, then of the outbound track. */
export const STREAM_FRAME_BYTES = 320;

/** Counters that a media thread keeps in shared memory: places in a `Float64Array`. */
export const BEATS = 0;
/** Beats that began more than 10 ms late. */
export const LATE_BEATS = 1;
export const COUNTERS = 2;

/** How a method crosses to the thread. */
export type Crossing =
  /** Returns nothing. Ignored once the object is closed. */
  | 'send'
  /** As `send`, but a call with the arguments of the previous one is not sent. */
  | 'send_changes'
  /** Returns a promise. It rejects with `audio_closed` when the object closes first, with the signal's reason on abort. */
  | 'call'
  /** As `call`, but resolves with this value when the object closes first or the signal aborts. */
  | { resolvesWith: unknown }
  /** Returns nothing, and ends the object at once. */
  | 'end'
  /** Returns a promise, and ends the object with the answer. All other calls are settled at once, as closed. */
  | 'close'
  /** Returns another object at once. */
  | { returns: RemoteInterface }
  /** Returns a promise of another object. It rejects with this code when the object closes first. */
  | { opens: RemoteInterface; failsWith: string };

/** How an event crosses: `once` is a promise, the others are Signals. */
export type Forwarding = 'always' | 'while_listened' | 'once';

/** What the proxy of an interface needs to know about it. */
export interface RemoteInterface {
  methods: Record<string, Crossing>;
  events: Record<string, Forwarding>;
  /** Methods whose calls may wait for 10 ms, to arrive together with those of other sounds. */
  mayWait?: readonly string[];
  /** Properties that are copied when the object is opened. */
  fields: readonly string[];
  /** The object ends by its `once` event, after the object that opened it has closed. */
  endsItself?: boolean;
}

type Keys<T, Type> = { [K in keyof T]: T[K] extends Type ? K : never }[keyof T];
type Method = (...args: never[]) => unknown;
/** What a Signal has and a promise or a method has not. */
type AnySignal = { readonly listeners: number };
type CrossingOf<F> = F extends (...args: never[]) => infer R
  ? [R] extends [Promise<infer V>]
    ? 'call' | 'close' | { resolvesWith: V } | { opens: RemoteInterface; failsWith: string }
    : [R] extends [object]
      ? { returns: RemoteInterface }
      : 'send' | 'send_changes' | 'end'
  : never;

/** The description of `T`, with every method and event of it: one that is missing does not compile. */
export interface Describes<T> extends RemoteInterface {
  methods: { [K in Keys<T, Method> & string]: CrossingOf<T[K]> };
  events: { [K in Keys<T, AnySignal> & string]: 'always' | 'while_listened' } & {
    [K in Keys<T, Promise<unknown>> & string]: 'once';
  };
  mayWait?: readonly (Keys<T, Method> & string)[];
  fields: readonly (keyof T & string)[];
}
