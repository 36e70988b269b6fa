import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Application } from '../directory/index.ts';
import type { ApiPorts } from './ports.ts';

/**
 * Whom a route lets in. `none`: everybody. `key`: an application's key. `any`: a key, or the admin token, which sees
 * everything. `link`: as `any`, or a signed address. `admin`: the admin token alone. `metrics`: the admin token or that
 * for metrics, or nobody in particular where REST is bound to loopback.
 */
export type Auth = 'none' | 'key' | 'any' | 'link' | 'metrics' | 'admin';

/** Who asks: an application, or null for the operator. */
type Caller<A extends Auth> = A extends 'key'
  ? Application
  : A extends 'any' | 'link'
    ? Application | null
    : null;

/** `/v1/calls/:id` has the parameter `id`. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

/** Ports, and what this room makes of them. */
export interface Services extends ApiPorts {
  metrics(): Promise<string>;
  /** The description as JSON; made once, in some 50 ms. */
  openapi(): string;
}

export interface RequestContext<Path extends string, A extends Auth, Query, Body> {
  params: ParamsOf<Path>;
  query: Query;
  body: Body;
  /** The body as it came, for routes that take it `raw`. */
  text: string;
  caller: Caller<A>;
  services: Services;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** What an operation is: who may, what it takes, what it answers, and what it does. */
export interface Route<
  Path extends string = string,
  A extends Auth = Auth,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: Path;
  auth: A;
  /** A short sentence for the reference. */
  summary: string;
  query?: Query;
  body?: Body;
  /** The body is not JSON to be checked: the handler takes its text. */
  raw?: true;
  /** The most bytes that a body may have. Default: 256 KiB. */
  maxBytes?: number;
  /** The status of success, unless the handler sets another. Default: 200. */
  status?: 200 | 201 | 202 | 204;
  /** What is answered; absent where nothing is, or no JSON. */
  answer?: z.ZodType;
  /** The type of an answer that is not JSON. */
  contentType?: string;
  /** Error codes of its own, besides those that any route may answer with. */
  errors?: readonly ErrorCode[];
  handle(context: RequestContext<Path, A, z.output<Query>, z.output<Body>>): unknown;
}

/** For routes that take a document of actions. */
export const DOCUMENT_BYTES = 1024 * 1024;

/** Writes a route down, with the types of its handler taken from what it declares. */
export function route<
  const Path extends string,
  const A extends Auth,
  Query extends z.ZodType,
  Body extends z.ZodType,
>(definition: Route<Path, A, Query, Body>): Route {
  return definition as unknown as Route;
}
