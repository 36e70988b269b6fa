import { listOf, voiceShown } from '../../../contract/resources/index.ts';
import { route } from '../route.ts';
import { voicesOf } from './rules.ts';

export const voiceRoutes = [
  route({
    method: 'GET',
    path: '/v1/voices',
    auth: 'any',
    summary: 'Lists the voices that `say` can be asked for, with their languages.',
    answer: listOf(voiceShown),
    handle({ caller, services }) {
      const data = voicesOf(caller, services);
      return { count: data.length, data, next_cursor: null };
    },
  }),
];
