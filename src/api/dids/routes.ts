import { didPatch, listOf, pageQuery, did as wire } from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application, Did } from '../../directory/index.ts';
import { presentPage } from '../page.ts';
import { route } from '../route.ts';
import { didFields, presentDid } from './present.ts';

/** A number, if it leads to the caller's application. */
function own(found: Did | undefined, caller: Application | null): Did {
  if (found && (!caller || found.applicationId === caller.id)) return found;
  throw new Failure('not_found', 'DID not found');
}

export const didRoutes = [
  route({
    method: 'GET',
    path: '/v1/dids',
    auth: 'any',
    summary: "Lists the application's numbers, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    handle: ({ query, caller, services }) =>
      presentPage(services.directory.dids.list({ applicationId: caller?.id }, query), presentDid),
  }),
  route({
    method: 'GET',
    path: '/v1/dids/:id',
    auth: 'any',
    summary: 'Reads a number by its id.',
    answer: wire,
    errors: ['not_found'],
    handle: ({ params, caller, services }) => presentDid(own(services.directory.dids.get(params.id), caller)),
  }),
  route({
    method: 'GET',
    path: '/v1/dids/by-number/:e164',
    auth: 'any',
    summary: 'Reads a number by the number itself, with its plus (or %2B).',
    answer: wire,
    errors: ['not_found'],
    handle: ({ params, caller, services }) =>
      presentDid(own(services.directory.dids.byNumber(params.e164), caller)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/dids/:id',
    auth: 'any',
    summary: 'Changes where calls of a number go.',
    body: didPatch,
    answer: wire,
    errors: ['not_found'],
    async handle({ params, body, caller, services }) {
      const { id } = own(services.directory.dids.get(params.id), caller);
      return presentDid(await services.directory.dids.update(id, didFields(body)));
    },
  }),
];
