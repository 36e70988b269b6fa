import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Application } from '../directory/index.ts';
import type { ApiDeps } from './ports.ts';

/**
 * The credentials that a route accepts.
 * - `none`: public.
 * - `key`: an API key.
 * - `any`: an API key or the admin token, which sees all applications.
 * - `signed_url`: like `any`, or a signed URL.
 * - `metrics`: the admin token or the metrics token; public if REST is bound to loopback.
 * - `admin`: the admin token.
 */
export type Auth = 'none' | 'key' | 'any' | 'signed_url' | 'metrics' | 'admin';

/** The authenticated client: an application, or null for the operator. */
type Client<A extends Auth> = A extends 'key'
  ? Application
  : A extends 'any' | 'signed_url'
    ? Application | null
    : null;

/** `/v1/calls/:id` has the parameter `id`. */
type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

/** The dependencies, with the metrics page and the OpenAPI document that the server adds to them. */
export interface Services extends Omit<ApiDeps, 'metrics'> {
  metrics(): Promise<string>;
  /** The OpenAPI document as JSON; created by the first request, in about 50 ms. */
  openapi(): Promise<string>;
}

export interface RequestContext<Path extends string, A extends Auth, Query, Body> {
  params: ParamsOf<Path>;
  query: Query;
  body: Body;
  /** The unparsed body, for `raw` routes. */
  text: string;
  client: Client<A>;
  services: Services;
  request: FastifyRequest;
  reply: FastifyReply;
}

/** One operation: who may call it, what it takes, what it responds with, and what it does. */
export interface Route<
  Path extends string = string,
  A extends Auth = Auth,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: Path;
  auth: A;
  /** One or two short sentences for the reference. */
  summary: string;
  query?: Query;
  body?: Body;
  /** The handler parses the body itself. */
  raw?: true;
  /** The size limit of the body in bytes. Default: 256 KiB. */
  maxBytes?: number;
  /** The status of a success, unless the handler sets another one. Default: 200. */
  status?: 200 | 201 | 202 | 204;
  /** The schema of a JSON response. */
  response?: z.ZodType;
  /** The media type of a response that is not JSON. */
  contentType?: string;
  /** Error codes of this route, besides those that every route may respond with. */
  errors?: readonly ErrorCode[];
  handle(context: RequestContext<Path, A, z.output<Query>, z.output<Body>>): unknown;
}

/** Declares a route; the declaration determines the types of the handler's arguments. */
export function route<
  const Path extends string,
  const A extends Auth,
  Query extends z.ZodType,
  Body extends z.ZodType,
>(definition: Route<Path, A, Query, Body>): Route {
  return definition as unknown as Route;
}
