import { Failure, Signal } from '../core/index.ts';
import type { AnswerMessage, CallMessage, Forwarding, RemoteInterface, ToThread } from './protocol.ts';
import { RemoteCall } from './remote-call.ts';

/** What a remote object needs of the connection to its thread. */
export interface Connection {
  /** @param mayWait whether the message may wait for 10 ms, to arrive together with others. */
  post(message: ToThread, mayWait: boolean): void;
  /** A number that was never used before, for an object or a call. */
  number(): number;
  /** By number: all objects that have not ended. */
  readonly objects: Map<number, RemoteObject>;
}

/** The class of the proxies of objects that a method opens. */
type ProxyClass = new (connection: Connection, id: number, args: never) => RemoteObject;
type Otherwise = (reason: unknown) => unknown;

/** The proxy of one object on a media thread: posts calls, matches answers, emits events. See `proxyOf`. */
export class RemoteObject {
  readonly id: number;
  /** Called once, when the object has ended. */
  onEnd: () => void = () => {};
  #connection: Connection;
  #interface: RemoteInterface;
  #classes: Record<string, ProxyClass>;
  #state: 'open' | 'closing' | 'ended' = 'open';
  #calls = new Map<number, RemoteCall>();
  /** By call: the object that it opens, until it is answered. */
  #opening = new Map<number, RemoteObject>();
  /** All objects opened by this one that have not ended. */
  #opened = new Set<RemoteObject>();
  #opener: RemoteObject | undefined;
  #closed: Promise<unknown> | undefined;
  #events: Record<string, (value: unknown) => void> = {};
  /** By method: the arguments of the last call that was sent. */
  #previous: Record<string, unknown[]> = {};

  constructor(connection: Connection, id: number, own: RemoteInterface, classes: Record<string, ProxyClass>) {
    this.id = id;
    this.#connection = connection;
    this.#interface = own;
    this.#classes = classes;
    connection.objects.set(id, this);
    for (const [name, forwarding] of Object.entries(own.events)) this.#addEvent(name, forwarding);
  }

  /** Calls a method of the interface. */
  invoke(name: string, args: unknown[]): unknown {
    const crossing = this.#interface.methods[name]!;
    if (crossing === 'send') return this.#send(name, args);
    if (crossing === 'end') return this.#sendLast(name, args);
    if (crossing === 'send_changes') return this.#sendChanges(name, args);
    if (crossing === 'call') return this.#begin(name, args, raise).done;
    if (crossing === 'close') return this.#close(name, args);
    if ('resolvesWith' in crossing) return this.#begin(name, args, () => crossing.resolvesWith).done;
    if ('returns' in crossing) return this.#return(name, args);
    return this.#open(name, args, crossing.failsWith);
  }

  /** Whether it ends by an event of its own, and not with the object that opened it. */
  get endsItself(): boolean {
    return this.#interface.endsItself ?? false;
  }

  /** Takes the answer to a call. */
  answer(message: AnswerMessage): void {
    const call = this.#calls.get(message.call);
    const opened = this.#opening.get(message.call);
    if ('error' in message) {
      call?.reject(new Failure(message.error.code, message.error.message));
      opened?.end(message.error.message);
    } else call?.resolve(opened ? Object.assign(opened, message.ok) : message.ok);
  }

  /** Sends the next item of the async iterable of a call. */
  next(call: number): void {
    this.#calls.get(call)?.next();
  }

  /** Takes an event. An event that occurs once ends the object. */
  event(name: string, value: unknown): void {
    this.#events[name]?.(value);
    if (this.#interface.events[name] === 'once') this.end('the object has ended');
  }

  /** Settles everything that waits, here and in the objects that this one has opened. Idempotent. */
  end(reason: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#connection.objects.delete(this.id);
    if (this.#opener) this.#opener.#opened.delete(this);
    for (const call of [...this.#calls.values()]) call.close(new Failure('audio_closed', reason));
    for (const object of [...this.#opened]) object.end(reason);
    this.onEnd();
  }

  #addEvent(name: string, forwarding: Forwarding): void {
    const properties = this as unknown as Record<string, unknown>;
    if (forwarding === 'once') {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      this.#events[name] = resolve;
      properties[name] = promise;
      return;
    }
    const listen = (on: boolean) => this.#post({ type: 'listen', id: this.id, name, on });
    const signal = new Signal<unknown>(forwarding === 'while_listened' ? listen : undefined);
    this.#events[name] = (value) => signal.emit(value);
    properties[name] = signal;
  }

  #post(message: ToThread): void {
    if (this.#state !== 'open') return;
    const mayWait = message.type === 'call' && this.#interface.mayWait?.includes(message.name);
    this.#connection.post(message, mayWait ?? false);
  }

  #send(name: string, args: unknown[]): void {
    this.#post({ type: 'call', id: this.id, call: 0, name, args });
  }

  #sendLast(name: string, args: unknown[]): void {
    this.#send(name, args);
    this.end('the audio was closed');
  }

  #sendChanges(name: string, args: unknown[]): void {
    const previous = this.#previous[name];
    if (previous?.length === args.length && args.every((arg, i) => arg === previous[i])) return;
    this.#previous[name] = args;
    this.#send(name, args);
  }

  #begin(name: string, args: unknown[], otherwise: Otherwise, opened?: RemoteObject): RemoteCall {
    const number = this.#connection.number();
    const signal = args.findIndex((arg) => arg instanceof AbortSignal);
    const items = args.findIndex(isAsyncIterable);
    const call = new RemoteCall(number, {
      signal: args[signal] as AbortSignal | undefined,
      items: args[items] as AsyncIterable<unknown> | undefined,
      post: (message) => this.#post(message),
      otherwise,
      settled: () => {
        this.#calls.delete(number);
        this.#opening.delete(number);
      },
    });
    if (this.#state !== 'open') {
      call.close(new Failure('audio_closed', 'the audio is closed'));
      return call;
    }
    this.#calls.set(number, call);
    if (opened) this.#opening.set(number, opened);
    const sent = args.map((arg, i) => (i === signal || i === items ? null : arg));
    const message: CallMessage = { type: 'call', id: this.id, call: number, name, args: sent };
    if (signal >= 0) message.signal = signal;
    if (items >= 0) message.items = items;
    if (opened) message.opens = opened.id;
    this.#post(message);
    call.begin();
    return call;
  }

  /** Settles all other calls at once, except those that open an object which ends itself. */
  #close(name: string, args: unknown[]): Promise<unknown> {
    if (this.#closed) return this.#closed;
    const others = [...this.#calls];
    const { done } = this.#begin(name, args, () => undefined);
    this.#closed = done
      .catch(() => undefined)
      .then((result) => {
        this.end('the audio was closed');
        return result;
      });
    if (this.#state === 'open') this.#state = 'closing';
    for (const [number, call] of others) {
      const opened = this.#opening.get(number);
      if (!opened?.endsItself) call.close(new Failure('audio_closed', 'the audio was closed'));
    }
    for (const object of [...this.#opened]) if (!object.endsItself) object.end('the audio was closed');
    return this.#closed;
  }

  #create(name: string, args: unknown[]): RemoteObject {
    const object = new this.#classes[name]!(this.#connection, this.#connection.number(), args as never);
    object.#opener = this;
    this.#opened.add(object);
    return object;
  }

  #return(name: string, args: unknown[]): RemoteObject {
    const object = this.#create(name, args);
    if (this.#state !== 'open') object.end('the audio is closed');
    this.#post({ type: 'call', id: this.id, call: 0, name, args, opens: object.id });
    return object;
  }

  #open(name: string, args: unknown[], failsWith: string): Promise<unknown> {
    if (this.#state !== 'open') return this.#begin(name, args, raise).done;
    const fail = (reason: unknown) => raise(new Failure(failsWith, (reason as Error).message));
    return this.#begin(name, args, fail, this.#create(name, args)).done;
  }
}

/**
 * Makes the class of the proxies of an interface: it has all methods and events that `own` lists.
 * @param classes by method: the class of the objects that it opens
 */
export function proxyOf<T>(
  own: RemoteInterface,
  classes: Record<string, ProxyClass> = {},
): new (
  connection: Connection,
  id: number,
) => RemoteObject & T {
  class Proxied extends RemoteObject {
    constructor(connection: Connection, id: number) {
      super(connection, id, own, classes);
    }
  }
  for (const name of Object.keys(own.methods)) {
    if (name in RemoteObject.prototype) throw new Error(`${name} is a method of RemoteObject`);
    Object.defineProperty(Proxied.prototype, name, {
      value(this: RemoteObject, ...args: unknown[]) {
        return this.invoke(name, args);
      },
    });
  }
  return Proxied as never;
}

function raise(reason: unknown): never {
  throw reason;
}

function isAsyncIterable(arg: unknown): boolean {
  return typeof arg === 'object' && arg !== null && Symbol.asyncIterator in arg;
}
