import { Failure } from '../../core/index.ts';
import { route } from '../route.ts';
import { visible } from '../visible.ts';

export const eraseCallRoutes = [
  route({
    method: 'DELETE',
    path: '/v1/calls/:id',
    auth: 'any',
    summary:
      'Erases a call that is over and everything derived from it: events, timeline, recordings, transcripts, analysis. What it has cost stays in the balance.',
    status: 204,
    errors: ['call_not_found', 'call_active', 'call_events_pending'],
    async handle({ params, caller, services }) {
      const { id } = visible(await services.calls.call(params.id), caller, 'call_not_found');
      if (services.live.has(id)) throw new Failure('call_active', 'the call is not over yet: hang up first');
      await services.eraser.eraseCall(id);
    },
  }),
];
