import { Failure, guarded, type Signal } from '../../core/index.ts';
import type { CallMessage, Crossing, FromThread, RemoteInterface, ToThread } from '../protocol.ts';

/** Takes part in the calls of an object and of all that it opens. */
export interface Owner {
  /** Called before each call. */
  called(): void;
  /** Called when a call fails by a defect, and not by a Failure. */
  failed(error: unknown): void;
}

interface Served {
  id: number;
  target: Record<string, unknown>;
  own: RemoteInterface;
  owner: Owner;
  opener: Served | undefined;
  opened: Set<Served>;
  /** Only the call that closes it goes through. */
  isSealed: boolean;
  /** By event: ends the forwarding. */
  forwarding: Map<string, () => void>;
}

/** A call with arguments that go on after it was posted. */
interface Running {
  abort?: AbortController;
  items?: RemoteItems;
}

/** Nobody sees it: the proxy has settled the call already. */
const ABORTED = new Failure('audio_closed', 'the call was aborted');

/** Serves the objects of a thread to the main thread: runs its calls, answers them, and forwards events. */
export class ObjectHost {
  #report: (message: FromThread) => void;
  #ownerOf: (target: object, owner: Owner) => Owner;
  #objects = new Map<number, Served>();
  #running = new Map<number, Running>();

  /** @param ownerOf the owner of an object that was opened, given the one of its opener. */
  constructor(report: (message: FromThread) => void, ownerOf: (target: object, owner: Owner) => Owner) {
    this.#report = report;
    this.#ownerOf = ownerOf;
  }

  /** Gives the main thread access to an object under this number. */
  serve(id: number, target: object, own: RemoteInterface, owner: Owner, opener?: Served): void {
    const served: Served = {
      ...{ id, own, owner, opener, opened: new Set(), isSealed: false, forwarding: new Map() },
      target: target as Record<string, unknown>,
    };
    this.#objects.set(id, served);
    opener?.opened.add(served);
    for (const [name, forwarding] of Object.entries(own.events)) {
      if (forwarding === 'always') this.#forward(served, name);
      if (forwarding === 'once') this.#forwardOnce(served, name);
    }
  }

  /** Accepts no call of this object and those that it opened, except the one that closes it. */
  seal(target: object): void {
    for (const served of this.#objects.values()) if (served.target === target) seal(served);
  }

  /** Takes a message. Throws on messages that this protocol does not have. */
  take(message: ToThread): void {
    switch (message.type) {
      case 'call':
        this.#call(message);
        break;
      case 'abort':
        this.#running.get(message.call)?.abort?.abort(ABORTED);
        break;
      case 'listen':
        this.#listen(this.#objects.get(message.id), message.name, message.on);
        break;
      case 'item':
        this.#running.get(message.call)?.items?.push({ done: false, value: message.value });
        break;
      case 'items_end':
        if (message.failed) this.#running.get(message.call)?.items?.fail(ABORTED);
        else this.#running.get(message.call)?.items?.push({ done: true, value: undefined });
        break;
      default:
        throw new Error(`unknown message ${JSON.stringify(message)}`);
    }
  }

  /** A call of an object that has ended is ignored: its proxy settles it. */
  #call(message: CallMessage): void {
    const served = this.#objects.get(message.id);
    if (!served || !Object.hasOwn(served.own.methods, message.name)) return;
    const crossing = served.own.methods[message.name]!;
    const isLast = crossing === 'close' || crossing === 'end';
    if (served.isSealed && !isLast) return;
    if (isLast) served.isSealed = true;
    try {
      served.owner.called();
      const method = served.target[message.name] as (...args: unknown[]) => unknown;
      const result = method.apply(served.target, this.#argumentsOf(message));
      if (result instanceof Promise) this.#answerLater(served, message, crossing, result);
      else this.#answer(served, message, crossing, result);
    } catch (error) {
      served.owner.failed(error);
    }
  }

  /** Puts a signal and an async iterable of this thread in the place of those of the main thread. */
  #argumentsOf({ id, call, args, signal, items }: CallMessage): unknown[] {
    if (signal === undefined && items === undefined) return args;
    const running: Running = {};
    const all = [...args];
    if (signal !== undefined) {
      running.abort = new AbortController();
      all[signal] = running.abort.signal;
    }
    if (items !== undefined) {
      running.items = new RemoteItems(() => this.#report({ type: 'next', id, call }));
      all[items] = running.items;
    }
    this.#running.set(call, running);
    return all;
  }

  #answerLater(served: Served, message: CallMessage, crossing: Crossing, result: Promise<unknown>): void {
    const { id, call } = message;
    const fail = guarded('media.answer', (thrown: unknown) => {
      this.#running.delete(call);
      if (!(thrown instanceof Failure)) served.owner.failed(thrown);
      const error =
        thrown instanceof Failure
          ? { code: thrown.code, message: thrown.message }
          : { code: 'audio_closed', message: 'a defect has ended the audio' };
      this.#report({ type: 'answer', id, call, error });
    });
    result.then((value) => this.#answer(served, message, crossing, value)).catch(fail);
  }

  #answer(served: Served, message: CallMessage, crossing: Crossing, result: unknown): void {
    const { id, call, opens } = message;
    this.#running.delete(call);
    if (crossing === 'close' || crossing === 'end') this.#remove(served);
    const ok = opens === undefined ? result : this.#open(served, opens, crossing, result as object);
    if (call !== 0) this.#report({ type: 'answer', id, call, ok });
  }

  /** @returns the fields of the object. */
  #open(opener: Served, id: number, crossing: Crossing, target: object): object {
    if (typeof crossing === 'string') throw new Error('the method opens no object');
    const own = 'opens' in crossing ? crossing.opens : 'returns' in crossing ? crossing.returns : undefined;
    if (!own) throw new Error('the method opens no object');
    if ('served' in target) (target as { served: (id: number) => void }).served(id);
    this.serve(id, target, own, this.#ownerOf(target, opener.owner), opener);
    return Object.fromEntries(own.fields.map((name) => [name, (target as Record<string, unknown>)[name]]));
  }

  #listen(served: Served | undefined, name: string, on: boolean): void {
    if (served?.own.events[name] !== 'while_listened') return;
    served.forwarding.get(name)?.();
    served.forwarding.delete(name);
    if (on) this.#forward(served, name);
  }

  #forward(served: Served, name: string): void {
    const signal = served.target[name] as Signal<unknown>;
    const stop = signal.on((value) => this.#report({ type: 'event', id: served.id, name, value }));
    served.forwarding.set(name, stop);
  }

  /** An object with such an event ends by it. */
  #forwardOnce(served: Served, name: string): void {
    const event = served.target[name] as Promise<unknown>;
    event
      .then((value) => {
        this.#remove(served);
        this.#report({ type: 'event', id: served.id, name, value });
      })
      .catch(guarded('media.event', served.owner.failed));
  }

  #remove(served: Served): void {
    this.#objects.delete(served.id);
    served.opener?.opened.delete(served);
    for (const stop of served.forwarding.values()) stop();
    for (const object of [...served.opened]) if (!object.own.endsItself) this.#remove(object);
  }
}

function seal(served: Served): void {
  served.isSealed = true;
  for (const object of served.opened) seal(object);
}

/** The items of an async iterable on the main thread. It sends the first without being asked. */
class RemoteItems implements AsyncIterableIterator<unknown> {
  #ask: () => void;
  #isAsked = true;
  #arrived: Promise<IteratorResult<unknown>> | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<unknown>> | undefined;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** To be called again only when the promise has settled. */
  next(): Promise<IteratorResult<unknown>> {
    const arrived = this.#arrived;
    this.#arrived = undefined;
    if (arrived) return arrived;
    if (!this.#isAsked) this.#ask();
    this.#isAsked = true;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<unknown>> {
    return { done: true, value: undefined };
  }

  push(result: IteratorResult<unknown>): void {
    this.#isAsked = false;
    if (this.#waiting) this.#waiting.resolve(result);
    else this.#arrived = Promise.resolve(result);
    this.#waiting = undefined;
  }

  /** Rejects the item that is waited for, or else the next one. */
  fail(error: unknown): void {
    if (this.#waiting) this.#waiting.reject(error);
    else {
      this.#arrived = Promise.reject(error);
      // Nobody may ask for it any more.
      this.#arrived.catch(() => {});
    }
    this.#waiting = undefined;
  }
}
