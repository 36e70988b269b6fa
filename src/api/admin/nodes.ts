import { listOf, node as wire } from '../../../contract/resources/index.ts';
import { rfc3339 } from '../../core/index.ts';
import { route } from '../route.ts';

export const nodeRoutes = [
  route({
    method: 'GET',
    path: '/admin/v1/nodes',
    auth: 'admin',
    summary: 'Tells of the process that answers: its number, its age and its load.',
    answer: listOf(wire),
    handle({ services: { node, live, settings } }) {
      const { sessions, beats, lateBeats } = node.media();
      const self = {
        node: node.number,
        version: settings.version,
        started_at: rfc3339(node.startedAt),
        live_calls: live.size,
        media: { sessions, beats, late_beats: lateBeats },
      };
      return { count: 1, data: [self], next_cursor: null };
    },
  }),
];
