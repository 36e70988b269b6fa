import {
  applicationPatch,
  applicationWithKey,
  keyRotation,
  listOf,
  newApplication,
  pageQuery,
  application as wire,
} from '../../../contract/resources/index.ts';
import { Failure } from '../../core/index.ts';
import type { Application } from '../../directory/index.ts';
import { presentPage } from '../page.ts';
import { route, type Services } from '../route.ts';
import { checkSpeech } from '../voices/rules.ts';
import { applicationFields, presentApplication } from './present.ts';

const errors = ['application_not_found'] as const;

/** An application that the caller may read: those of the same customer. */
function readable(id: string, caller: Application | null, { directory }: Services): Application {
  const found = directory.application(id);
  if (found && (!caller || found.customerId === caller.customerId)) return found;
  throw new Failure('application_not_found', 'application not found');
}

/** An application that the caller may change: a key changes the application that it belongs to. */
function changeable(id: string, caller: Application | null, services: Services): Application {
  const found = readable(id, caller, services);
  if (!caller || found.id === caller.id) return found;
  throw new Failure('application_not_found', 'application not found');
}

export const applicationRoutes = [
  route({
    method: 'POST',
    path: '/v1/applications',
    auth: 'key',
    summary: "Creates another application of the key's customer, with an API key of its own.",
    body: newApplication,
    status: 201,
    answer: applicationWithKey,
    errors: ['limit_reached'],
    async handle({ body, caller, services }) {
      const fields = applicationFields(body);
      checkSpeech(fields, services);
      const { application, apiKey } = await services.directory.createApplication({
        ...fields,
        customerId: caller.customerId,
        name: body.name,
        answerUrl: body.answer_url ?? '',
      });
      return { ...presentApplication(application), api_key: apiKey };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/applications',
    auth: 'any',
    summary: "Lists the customer's applications, newest first.",
    query: pageQuery,
    answer: listOf(wire),
    handle({ query, caller, services }) {
      const page = services.directory.applications({ customerId: caller?.customerId }, query);
      return presentPage(page, presentApplication);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: 'Reads an application of the customer.',
    answer: wire,
    errors,
    handle: ({ params, caller, services }) => presentApplication(readable(params.id, caller, services)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: "Changes what is given of the key's own application. A null takes a setting away.",
    body: applicationPatch,
    answer: wire,
    errors,
    async handle({ params, body, caller, services }) {
      const before = changeable(params.id, caller, services);
      const fields = applicationFields(body);
      checkSpeech(fields, services, before);
      return presentApplication(await services.directory.updateApplication(before.id, fields));
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/applications/:id',
    auth: 'any',
    summary: "Deletes the key's own application and its keys. Its numbers stay, unassigned.",
    status: 204,
    errors,
    async handle({ params, caller, services }) {
      await services.directory.deleteApplication(changeable(params.id, caller, services).id);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/applications/:id/keys',
    auth: 'any',
    summary: "Makes a new API key for the key's own application, in place of the ones there are.",
    body: keyRotation,
    status: 201,
    answer: applicationWithKey,
    errors,
    async handle({ params, body, caller, services }) {
      const application = changeable(params.id, caller, services);
      const graceSeconds = body.expire_old_after_seconds;
      const apiKey = await services.directory.rotateKey(application.id, { graceSeconds });
      return { ...presentApplication(application), api_key: apiKey };
    },
  }),
];
